export function parse(text: string): string;
