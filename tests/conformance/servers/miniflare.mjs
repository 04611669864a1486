// Cloudflare's own R2 simulator with one bucket behind its S3 endpoint. Prints the endpoint's URL; ends when stdin closes.
import { Miniflare } from "miniflare";

const [bucket, accessKeyId, secretAccessKey] = process.argv.slice(2);
const miniflare = new Miniflare({
  modules: true,
  script: "export default { fetch() { return new Response(null, { status: 404 }); } };",
  host: "127.0.0.1",
  port: 0,
  r2Buckets: { BUCKET: { id: bucket, s3Credentials: { accessKeyId, secretAccessKey } } },
});
const url = await miniflare.ready;
console.log(new URL("cdn-cgi/local/r2/s3", url).href);
process.stdin.resume();
process.stdin.on("end", async () => {
  await miniflare.dispose();
  process.exit(0);
});
