require('../test/helper');
