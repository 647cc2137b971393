import { natsTests } from "./nats_suite.ts";

await natsTests("Bun");
