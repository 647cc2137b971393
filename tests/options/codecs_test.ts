/** For every codec, encode and decode are inverse, and no decoder throws, whatever the payload. */
import { newFacts } from "../../src/options/facts.ts";
import { BUILT_IN } from "../../src/options/registry.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as options from "../../src/options/mod.ts";
import type {
  EnvironVariable,
  Json,
  MsdpInput,
  MsdpValue,
  OptionContext,
  OptionState,
  SlcEntry,
} from "../../src/options/mod.ts";
import { MxpReader } from "../../src/options/mxp.ts";
import { TelnetError } from "../../src/protocol/mod.ts";

const fixed = { seed: 2066, numRuns: 500 };
const same = <T>(actual: T, expected: T) => assertEquals(actual, expected);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Well-formed text without control characters. */
const text = fc.string({ unit: "grapheme", maxLength: 20 }).map((words) =>
  words.replaceAll(/[\x00-\x1f\x7f\ufffd]/g, "").toWellFormed().replaceAll("\ufffd", "")
);
const name = fc.stringMatching(/^[A-Z][A-Z_]{0,15}$/);
const ascii = fc.stringMatching(/^[!-~]{1,30}$/);
const byte = fc.nat(255);

/** A property for each codec, by protocol name. */
const INVERSE: Record<string, fc.IPropertyWithHooks<never>> = {
  "GMCP": property(
    fc.tuple(
      fc.stringMatching(/^[A-Za-z]+(\.[A-Za-z]+){0,2}$/),
      fc.option(fc.jsonValue(), { nil: undefined }),
    ),
    ([name, value]) => {
      // JSON has no -0, so it comes back as 0.
      const json = value === undefined ? undefined : JSON.parse(JSON.stringify(value)) as Json;
      const payload = options.encodeGmcp(name, json);
      assert(payload.every((byte) => byte < 0x7f), "a byte that is not ASCII");
      same(options.decodeGmcp(payload), { package: name, value: json });
    },
  ),
  "MSDP": property(
    fc.uniqueArray(fc.tuple(name, msdpValue()), { selector: ([key]) => key, maxLength: 5 }),
    (entries) => same(options.decodeMsdp(options.encodeMsdp(new Map(entries))), new Map(entries)),
  ),
  "MSSP": property(
    fc.dictionary(name, fc.array(text, { minLength: 1, maxLength: 3 }), { maxKeys: 5 }),
    (status) =>
      same(Object.fromEntries(options.decodeMssp(options.encodeMssp(status))), { ...status }),
  ),
  "NEW-ENVIRON": property(
    fc.array(fc.record<EnvironVariable>({
      name: fc.string({ unit: "binary-ascii", maxLength: 10 }),
      value: fc.option(fc.string({ unit: "binary-ascii", maxLength: 10 }), { nil: undefined }),
      user: fc.boolean(),
    }, { noNullPrototype: true })),
    (variables) => {
      same(options.decodeEnviron(options.encodeEnvironIs(variables)), { type: "is", variables });
      same(options.decodeEnviron(options.encodeEnvironInfo(variables)), {
        type: "info",
        variables,
      });
      const names = variables.map(({ name }) => name);
      same(options.decodeEnviron(options.encodeEnvironSend(names)), { type: "send", names });
    },
  ),
  "CHARSET": property(
    fc.array(fc.stringMatching(/^[A-Za-z0-9-]{1,20}$/), { minLength: 1 }),
    (names) => {
      same(options.decodeCharset(options.encodeCharsetRequest(names)), { type: "request", names });
      const [first = ""] = names;
      same(options.decodeCharset(options.encodeCharsetAnswer(first)), {
        type: "accepted",
        name: first,
      });
    },
  ),
  "MTTS": property(fc.nat(4095), (bits) => {
    const flags = options.decodeMtts(`MTTS ${bits}`);
    assert(flags !== undefined);
    same(options.encodeMtts(flags), `MTTS ${bits}`);
  }),
  "LINEMODE": property(fc.array(slcEntry()), (entries) => {
    same(options.decodeLinemode(options.encodeLinemodeSlc(entries)), { type: "slc", entries });
  }),
  "LINEMODE's masks": property(fc.tuple(byte, fc.uint8Array({ maxLength: 32 })), ([mode, mask]) => {
    same(options.decodeLinemode(options.encodeLinemodeMode(mode)), { type: "mode", mask: mode });
    for (const verb of ["do", "dont", "will", "wont"] as const) {
      const message = options.decodeLinemode(options.encodeLinemodeForwardmask(verb, mask));
      same(message, { type: "forwardmask", verb, mask });
    }
  }),
  "STATUS": property(
    fc.record({
      will: fc.array(byte),
      do: fc.array(byte),
      // SE as an option, or at the end of a payload, would be ambiguous with the end of a fact.
      facts: fc.array(fc.record({
        option: byte.filter((option) => option !== 240),
        payload: fc.uint8Array({ maxLength: 5 }).filter((bytes) => bytes.at(-1) !== 240),
      }, { noNullPrototype: true })),
    }, { noNullPrototype: true }),
    (report) => same(options.decodeStatus(options.encodeStatusIs(report)), { type: "is", report }),
  ),
  "TERMINAL-SPEED": property(fc.tuple(fc.nat(), fc.nat()), ([transmit, receive]) => {
    const speed = { transmit, receive };
    same(options.decodeTerminalSpeed(options.encodeTerminalSpeed(speed)), speed);
  }),
  "X-DISPLAY-LOCATION": property(
    ascii,
    (display) =>
      same(options.decodeXDisplayLocation(options.encodeXDisplayLocation(display)), display),
  ),
  "SEND-LOCATION": property(
    ascii,
    (place) => same(options.decodeSendLocation(options.encodeSendLocation(place)), place),
  ),
  "TOGGLE-FLOW-CONTROL": property(
    fc.constantFrom("off", "on", "restart-any", "restart-xon" as const),
    (command) =>
      same(options.decodeFlowControl(options.encodeFlowControl(command as "on")), command as "on"),
  ),
  "ZMP": property(
    fc.tuple(ascii, fc.array(text)),
    ([name, args]) => same(options.decodeZmp(options.encodeZmp(name, args)), { name, args }),
  ),
  "ATCP": property(
    fc.tuple(ascii, text.map((body) => body.trimStart())),
    ([name, body]) => same(options.decodeAtcp(options.encodeAtcp({ name, body })), { name, body }),
  ),
  "Aardwolf's option": property(
    fc.tuple(byte, fc.uint8Array({ maxLength: 20 })),
    ([channel, data]) =>
      same(options.decodeAardwolf(options.encodeAardwolf({ channel, data })), { channel, data }),
  ),
};

for (const [protocol, check] of Object.entries(INVERSE)) {
  Deno.test(`${protocol}: encode and decode are inverse`, () => fc.assert(check, fixed));
}

Deno.test("no decoder and no handler throws, whatever the payload", () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 34, 59, 91, 123, 240, 255), { maxLength: 60 })
      .map((bytes) => Uint8Array.from(bytes)),
  );
  const decoders = Object.entries(options).filter(([key]) => key.startsWith("decode"));
  assert(decoders.length > 14);
  fc.assert(
    fc.property(payload, (bytes) => {
      for (const [key, decode] of decoders) {
        if (key !== "decodeMtts") (decode as (b: Uint8Array) => void)(bytes);
      }
      const session = fakeSession();
      for (const option of BUILT_IN.all) {
        const handler = option.attach?.(session, undefined);
        for (const side of ["local", "remote"] as const) handler?.changed?.(side, "enabled");
        handler?.subnegotiation?.(bytes);
        handler?.subnegotiation?.(bytes);
      }
      assert(session.facts.columns > 0 && session.facts.environment.size <= 64);
    }),
    fixed,
  );
});

Deno.test("MSDP: a variable that occurs twice, or has several values, is a list", () => {
  const twice = Uint8Array.of(1, 65, 2, 49, 1, 66, 2, 50, 1, 65, 2, 51);
  assertEquals(
    options.decodeMsdp(twice),
    new Map<string, MsdpValue>([["A", ["1", "3"]], ["B", "2"]]),
  );
  const several = Uint8Array.of(1, 65, 2, 49, 2, 50);
  assertEquals(options.decodeMsdp(several), new Map([["A", ["1", "2"]]]));
});

Deno.test("MSDP: deep nesting is cut off", () => {
  const bytes = new Uint8Array(16_000).fill(5).map((five, index) => index % 2 ? five : 2);
  const found = options.decodeMsdp(Uint8Array.of(1, 65, ...bytes));
  assertEquals(found.size, 1);
});

Deno.test("MSDP and MSSP: the protocol's own delimiter bytes are removed from values", () => {
  const msdp = options.encodeMsdp(new Map([["A", "x\x01\x02\x03\x04\x05\x06\x00y"]]));
  assertEquals(options.decodeMsdp(msdp), new Map([["A", "xy"]]));
  const mssp = options.encodeMssp({ NAME: "a\x01b\x02c", ANSI: true, PLAYERS: 3, GONE: undefined });
  assertEquals(
    options.decodeMssp(mssp),
    new Map([["NAME", ["a b c"]], ["ANSI", ["1"]], ["PLAYERS", ["3"]]]),
  );
});

Deno.test("GMCP: messages without a space or value, bare values, upper case and bad JSON are decoded", () => {
  const read = (message: string) => options.decodeGmcp(utf8(message));
  assertEquals(read('Char.Vitals{"hp":1}')?.value, { hp: 1 });
  assertEquals(read("Core.Ping 5")?.value, 5);
  assertEquals(read("CORE.PING")?.package, "CORE.PING");
  assertEquals(read('Room "x"\0')?.value, "x");
  assertEquals(read('Room {"a":'), { package: "Room", value: undefined, malformed: '{"a":' });
  assertEquals(read("{}"), undefined);
  assertEquals(read(""), undefined);
});

Deno.test("CHARSET: any byte can be the separator, and a translation table is skipped", () => {
  const request = (words: string) => options.decodeCharset(Uint8Array.of(1, ...utf8(words)));
  assertEquals(request(" UTF-8 US-ASCII"), { type: "request", names: ["UTF-8", "US-ASCII"] });
  assertEquals(request("[TTABLE]\x01;UTF-8"), { type: "request", names: ["UTF-8"] });
  assertEquals(options.decodeCharset(Uint8Array.of(4, 1, 2, 3)), { type: "translation-table" });
  assertEquals(request(""), { type: "request", names: [] });
});

Deno.test("encoders refuse values that would not decode to the same", () => {
  const wrong = [
    () => options.encodeGmcp("no spaces", 1),
    () => options.encodeCharsetRequest([]),
    () => options.encodeCharsetRequest(["a;b"]),
    () => options.encodeZmp(""),
    () => options.encodeZmp("a", ["\0"]),
  ];
  for (const encode of wrong) assertEquals(assertThrows(encode, TelnetError).code, "misuse");
});

Deno.test("MXP: markup is read the same wherever it is cut", () => {
  const read = (pieces: readonly string[]) => {
    const found: unknown[] = [];
    let said = "";
    const tag = (one: unknown) => {
      found.push(said, one);
      said = "";
    };
    const reader = new options.MxpReader({ text: (words) => said += words, tag });
    for (const piece of pieces) reader.push(piece);
    reader.flush();
    return [...found, said];
  };
  const parts = [
    "<",
    "</",
    "<!",
    "!",
    "b",
    ">",
    "&",
    "amp;",
    "\x1b[1z",
    "\x1b[4z",
    " x='1'",
    '"',
    "\n",
    "-",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (chosen) => {
      const markup = chosen.join("");
      const whole = read([markup]);
      for (let at = 1; at < markup.length; at++) {
        assertEquals(read([markup.slice(0, at), markup.slice(at)]), whole);
      }
      assertEquals(read([...markup]), whole);
    }),
    fixed,
  );
});

Deno.test("MSDP: numbers and flags become text at each depth; what cannot be sent is misuse", () => {
  const sent = options.encodeMsdp(
    new Map<string, MsdpInput>([["VITALS", { HP: 5, POISONED: false, MORE: [1, [true]] }]]),
  );
  assertEquals(
    options.decodeMsdp(sent),
    new Map([["VITALS", { HP: "5", POISONED: "false", MORE: ["1", ["true"]] }]]),
  );
  for (
    const bad of [null, undefined, { HP: null }, [undefined], {
      HP: () => 5,
    }, Promise.resolve("5")]
  ) {
    const variables = new Map([["VITALS", bad as never]]);
    const error = assertThrows(
      () => options.encodeMsdp(variables),
      TelnetError,
      "the MSDP variable VITALS",
    );
    assertEquals((error as TelnetError).code, "misuse");
  }
});

Deno.test("MSDP: a table of a peer has no key that a copy would turn into a prototype", () => {
  const payload = utf8("\x01ROOM\x02\x03\x01__proto__\x02\x03\x01isAdmin\x021\x04\x04");
  const room = options.decodeMsdp(payload).get("ROOM");
  assertEquals(room, {});
  assert(!Object.hasOwn(room as object, "__proto__"));
});

Deno.test("MXP and MSP: escaped user text cannot become markup", () => {
  assertEquals(options.mxpEscape('<a href="&">\x1b[1z'), "&lt;a href=&quot;&amp;&quot;&gt;[1z");
  const element = options.mxpElement("send>x", { 'h"ref': '"><b>' }, "<i>");
  assertEquals(element, '\x1b[4z<sendx href="&quot;&gt;&lt;b&gt;">&lt;i&gt;\x1b[4z</sendx>');
  assertEquals(options.mxpElement("br"), "\x1b[4z<br>");
  const sound = options.mspSound("a)b\n.wav", {
    volume: 50,
    repeats: -1,
    priority: 3,
    type: "t)",
    url: "u",
  });
  assertEquals(sound, "!!SOUND(ab.wav V=50 L=-1 P=3 T=t U=u)");
  assertEquals(options.mspMusic("Off", { continues: false }), "!!MUSIC(Off C=0)");
});

function property<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => void,
): fc.IPropertyWithHooks<never> {
  return fc.property(arbitrary, check) as unknown as fc.IPropertyWithHooks<never>;
}

function msdpValue(): fc.Arbitrary<MsdpValue> {
  return fc.letrec<{ value: MsdpValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
}

function slcEntry(): fc.Arbitrary<SlcEntry> {
  return fc.record({
    function: byte,
    level: fc.constantFrom(
      "nosupport" as const,
      "cantchange" as const,
      "value" as const,
      "default" as const,
    ),
    ack: fc.boolean(),
    flushIn: fc.boolean(),
    flushOut: fc.boolean(),
    value: byte,
  }, { noNullPrototype: true });
}

function fakeSession(): OptionContext {
  const handlers = new Map<number, OptionState>();
  const session: OptionContext = {
    facts: newFacts(),
    now: () => 0,
    utc: () => "2026-11-25T14:30:00.000Z",
    localEnabled: () => true,
    remoteEnabled: () => true,
    enableRemote() {},
    forget() {},
    inForce: () => [1, 240, 255],
    sendSubnegotiation(_, payload) {
      assert(payload instanceof Uint8Array);
    },
    emit() {},
    run: (call) => void call(),
    effects: {
      useCharset: (name) => name === "UTF-8",
      suggestCharset() {},
      compress() {},
      decompress() {},
      encrypt() {},
      needEcho() {},
      holdInput() {},
      leave() {},
    },
    stateOf(option) {
      const handler = handlers.get(option.code) ?? option.attach?.(session, undefined) ?? {};
      handlers.set(option.code, handler);
      return handler as never;
    },
  };
  return session;
}

Deno.test("NEW-ENVIRON: SEND tells VAR from USERVAR, and a trailing ESC escapes nothing", () => {
  const { decodeEnviron } = options;
  assertEquals(decodeEnviron(Uint8Array.of(1)), { type: "send", names: [] });
  assertEquals(decodeEnviron(Uint8Array.of(1, 0)), { type: "send", names: [""] });
  assertEquals(decodeEnviron(Uint8Array.of(1, 3)), { type: "send", names: [""], user: [true] });
  assertEquals(
    decodeEnviron(Uint8Array.of(1, 0, 0x41, 3, 0x42)),
    { type: "send", names: ["A", "B"], user: [false, true] },
  );
  const cut = decodeEnviron(Uint8Array.of(0, 0, 0x41, 1, 0x62, 2));
  assertEquals(cut, { type: "is", variables: [{ name: "A", value: "b", user: false }] });
});

Deno.test("GMCP: nesting is limited, and __proto__ keys are dropped", () => {
  const read = (message: string) => options.decodeGmcp(utf8(message));
  assertEquals(read(`A ${"[".repeat(32)}${"]".repeat(32)}`)?.malformed, undefined);
  assert(read(`A ${"[".repeat(33)}${"]".repeat(33)}`)?.malformed !== undefined);
  assert(read(`A ${'{"a":'.repeat(8_000)}1${"}".repeat(8_000)}`)?.malformed !== undefined);
  assertEquals(read('A "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["')?.value, "[".repeat(38));
  for (const key of ["__proto__", "\\u005f_proto__"]) {
    const value = read(`A {"${key}":{"admin":true},"b":1}`)?.value as Record<string, unknown>;
    assertEquals(Object.keys(value), ["b"], key);
    assertEquals(Object.assign({}, value).admin, undefined);
  }
});

Deno.test("MSDP: repeated variables become one list in linear time, and the number of names is limited", () => {
  const VAR = 1, VAL = 2;
  const one = [VAR, 0x41, VAL, 0x62];
  const payload = Uint8Array.from([...one, ...one, VAR, 0x41, VAL, 5, VAL, 0x63, VAL, 0x64, 6]);
  assertEquals(options.decodeMsdp(payload), new Map([["A", ["b", "b", "c", "d"]]]));
  const many = Uint8Array.from(new Array(8_190).fill([VAR, VAL]).flat());
  assert(options.decodeMsdp(many).size <= 1);
  const names = Array.from({ length: 3_000 }, (_, n) => [VAR, ...utf8(`N${n}`), VAL, 0x61]).flat();
  assertEquals(options.decodeMsdp(Uint8Array.from(names)).size, 1_024);
});

Deno.test("MXP: a mode for the next tag holds only for a tag that follows at once", () => {
  const text =
    "\x1b[4z<a>\x1b[4z20 gold <b>\x1b[4z\n<c>\x1b[4z&lt;<d>\x1b[4z\x1b[0z<e>\x1b[4z<\n<f>\x1b[4z<g>";
  const expected = { a: true, b: false, c: false, d: false, e: false, f: false, g: true };
  for (const size of [1, 2, 3, 5, text.length]) {
    const secure: Record<string, boolean> = {};
    const sink = {
      text() {},
      tag: (tag: options.MxpTag) => void (secure[tag.name] = tag.secure),
    };
    let reader = new MxpReader(sink);
    for (let at = 0; at < text.length; at += size) {
      reader.push(text.slice(at, at + size));
      reader = new MxpReader(sink, reader.snapshot());
    }
    assertEquals(secure, expected, `pieces of ${size}`);
  }
});
