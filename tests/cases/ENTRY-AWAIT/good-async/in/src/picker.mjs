const config = await load();

async function load() {
  return { a: await Promise.resolve(1) };
}
class Picker {
  async pick() {
    await load();
  }
}
const run = async (p) => {
  for (const x of config.list) await p.pick(x);
};
export { run, Picker };
