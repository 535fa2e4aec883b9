export { BLOCKS, K256, STATE } from "./lanes_memory";
export { compress256x4 } from "./sha256x4";
