export { BLOCKS, K256, K512, STATE } from "./memory";
export { compress256 } from "./sha256";
export { compress512 } from "./sha512";
