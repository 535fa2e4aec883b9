export { BLOCKS, STATE } from "./memory";
export { compress256 } from "./sha256";
export { compress512 } from "./sha512";
