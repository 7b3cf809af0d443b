export default class Agent {
  run() {
    return 1;
  }
}
