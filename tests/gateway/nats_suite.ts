/** Each row of the failure table over Debian's NATS, on one runtime. No result depends on time. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inTime } from "../patience.ts";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { Broker, install, Town, withPackages } from "./town.ts";

/** Declares the tests of a runtime. */
export async function natsTests(name: Runtime["name"], people: number = 24): Promise<void> {
  const runtime = await findRuntime(name);
  const missing = runtime === undefined || !Broker.installed;
  if (missing && Deno.env.get("MINIBOA_CLIENTS") === "required") {
    throw new Error(`Cannot test the gateway on ${name}: install it, and nats-server`);
  }
  Deno.test({
    name: `${name}: workers restart, crash and hang behind a gateway, and no client notices${
      missing ? " (not installed)" : ""
    }`,
    ignore: missing,
    fn: async (context) => {
      if (runtime === undefined) return;
      const folder = name === "Deno" ? "" : await install();
      try {
        await context.step("the examples", () => deploys(runtime, folder));
        await using town = await Town.open(runtime, folder);
        await failures(context, town, people);
      } finally {
        if (folder !== "") await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Three players talk while the MUD is redeployed, as the examples describe it. */
async function deploys(runtime: Runtime, folder: string): Promise<void> {
  await using broker = await Broker.start();
  const { runtime: found, at } = withPackages(runtime, folder);
  const env = { NATS_URL: `nats://127.0.0.1:${broker.port}` };
  const start = (file: string, ...args: string[]) =>
    Program.start(found, `${at}examples/gateway/${file}`, args, env);
  await using gateway = start("gateway.ts", "--port", "0");
  const port = Number((await inTime(gateway.match(/port (\d+)/), "the gateway's port"))[1]);
  await using first = start("worker.ts");
  await inTime(first.match(/^Worker \d+ serves zone main/), "the first worker");
  const names = ["Ann", "Bob", "Cid"];
  const people: LineClient[] = [];
  try {
    for (const name of names) {
      const person = await LineClient.connect(port);
      people.push(person);
      await person.until(/Your name\? /);
      await person.write(`${name}\r\n`);
      await person.until(/Your password\? /);
      await person.write("secret\r\n");
      await person.until(/20hp.*> /);
    }
    const [ann, bob, cid] = people as [LineClient, LineClient, LineClient];
    await ann.write("north\r\nso");
    await ann.until(/The Old Bridge/);
    await using second = start("worker.ts");
    await bob.write("say before\r\n");
    await inTime(second.match(/^Worker \d+ serves zone main/), "the second worker");
    assertEquals((await inTime(first.status, "the end of the first")).code, 0);
    await ann.write("uth\r\n"); // the other half was typed before the restart
    await ann.until(/The Wet Boa/);
    await bob.write("say after\r\n");
    const heard = await cid.until(/Bob says:.*after/);
    assertEquals(heard.match(/before/g)?.length, 1);
    await cid.write("who\r\n");
    await cid.until(
      /Ann, Bob, Cid|Bob, Cid, Ann|Cid, Ann, Bob|Ann, Cid, Bob|Bob, Ann, Cid|Cid, Bob, Ann/,
    );
  } finally {
    for (const person of people) person[Symbol.dispose]();
  }
}

async function failures(context: Deno.TestContext, town: Town, people: number): Promise<void> {
  let worker = town.worker();
  assertMatch(await inTime(worker.joined, "the first worker"), /^owns/);
  await town.join(people);
  await town.until(() => town.people.every(({ ready }) => ready));
  town.type(50);
  const step = async (name: string, fn: () => Promise<void>) => {
    await context.step(name, async () => {
      await fn();
      await inTime(town.answered(), "answers behind it");
      assertEquals(town.faults, []);
    });
  };

  await step("a planned restart", async () => {
    const next = town.worker("1", true);
    assertMatch(await inTime(next.joined, "the next worker"), /^owns/);
    await inTime(worker.program.match(/^left .*"faults":0/), "the last word of the one before");
    worker = next;
  });

  await step("a worker that leaves, with no successor for a while", async () => {
    worker.program.kill("SIGTERM");
    await inTime(worker.program.match(/^left .*"faults":0/), "its last word");
    worker = town.worker();
    assertMatch(await inTime(worker.joined, "the next worker"), /^owns/);
  });

  await step("a worker that crashes", async () => {
    const next = town.worker();
    await inTime(next.joining, "the one that waits");
    worker.program.kill("SIGKILL");
    assertMatch(await inTime(next.joined, "the next worker"), /^owns/);
    worker = next;
  });

  await step("a worker that hangs, and wakes when another owns the zone", async () => {
    const next = town.worker();
    await inTime(next.joining, "the one that waits");
    worker.program.kill("SIGSTOP");
    assertMatch(await inTime(next.joined, "the next worker"), /^owns/);
    await town.answered();
    worker.program.kill("SIGCONT");
    await inTime(worker.program.match(/^left/), "its end");
    worker = next;
  });

  await step("a worker with another state version", async () => {
    const next = town.worker("2", true);
    assertEquals(await inTime(next.joined, "its refusal"), "refused unsupported");
  });

  await step("no worker for a while: each client gets one message", async () => {
    const before = town.people.map(({ waited }) => waited);
    worker.program.kill("SIGKILL");
    await town.until(() => town.people.every(({ waited }, index) => waited > (before[index] ?? 0)));
    worker = town.worker();
    assertMatch(await inTime(worker.joined, "the next worker"), /^owns/);
    await town.answered();
    assertEquals(
      town.people.map(({ waited }, index) => waited - (before[index] ?? 0)),
      town.people.map(() => 1),
    );
  });

  await step("the broker is gone for a while", async () => {
    await town.broker.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await town.broker.start();
  });

  await step("an output over the broker's largest message", async () => {
    const [person] = town.people;
    person?.say("big");
    await town.until(() => person?.came.has("big") === true);
  });

  await step("a move to a zone that is not there", async () => {
    const person = town.people[6]; // of the kind that sends whole lines
    person?.say("go nowhere");
    await town.until(() => person?.came.has("back") === true);
  });

  await context.step(
    "a gateway that crashes: its clients are dropped, and the worker sees it",
    async () => {
      await town.rest();
      const gone = town.people.splice(0);
      town.gateway.kill("SIGKILL");
      await town.until(() => gone.every(({ closed }) => closed));
      await town.startGateway();
      await town.join(6);
      await town.until(() => town.people.every(({ ready }) => ready));
      let counts = "";
      while (!counts.includes(`"gone":${people}`)) {
        worker.program.kill("SIGUSR2");
        counts = (await inTime(worker.program.match(/^counts .*/), "its counts"))[0];
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert(counts.includes('"faults":0'), counts);
    },
  );
}
