async function main() {}
main().catch(console.error);
