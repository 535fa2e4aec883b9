/** The Worker whose Durable Objects the tests in workerd use. Not deployed. */
export { UploadCheckpoint, WebhookDeliveries } from "../../src/front/worker.ts";

export default { fetch: (): Response => new Response(null, { status: 404 }) };
