/**
 * Verification: no body is complete unless size and digest are those that were asked for.
 *
 * In: a response's body, or bytes. Out: verified bytes, streams, writes. Next: `client`, `front`.
 * @module
 */
export { type ByteReader, type ByteSink, discardSink } from "./byte_reader.ts";
export { fillingReader, type FillingSource } from "./filling_reader.ts";
export { tryFixedLengthStream } from "./fixed_length_workerd.ts";
export { pumpVerified } from "./pump_verified.ts";
export { readVerified, type ReadVerifiedOptions } from "./read_verified.ts";
export { type BodyResponse, readerOf, type ReaderOptions } from "./reader_of.ts";
export { type VerifiedStream, verifiedStream } from "./verified_stream.ts";
export { verifyBytes } from "./verify_bytes.ts";
export type { ByteRange, Expectation, VerifyOptions } from "./verify_options.ts";
