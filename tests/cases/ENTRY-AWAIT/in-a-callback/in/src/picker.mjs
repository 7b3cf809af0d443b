export async function pick(list) {
  process.stdin.on("data", (key) => {
    if (key === "s") {
      const { summarise } = await import("./summarise.mjs");
      summarise(list);
    }
  });
}
