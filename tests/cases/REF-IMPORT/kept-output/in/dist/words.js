exports.words = ['yes'];
