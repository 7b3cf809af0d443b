import { total } from './total';
console.log(total);
