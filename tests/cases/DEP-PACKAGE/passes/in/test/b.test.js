import sinon from 'sinon';
