import { debug } from "@/lib/debug";

export default () => debug("x");
