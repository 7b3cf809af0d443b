require('./styles.js');
