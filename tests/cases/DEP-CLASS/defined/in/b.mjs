export default class {}
export class A {}
export class D {}
