/** Requirements on the TLS client, on every runtime. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ServerTrust } from "../../src/transport/encryption.ts";
import { CERTIFICATE, RENEWED } from "./certificates.ts";
import type { Attempt, Outcome } from "./client_agent.ts";
import { fingerprint, identity, identityPath } from "./identities.ts";
import { drain, OpensslServer, PlainServer, TlsServer } from "./servers.ts";

/** Makes an attempt on the runtime under test. */
export type Attempter = (attempt: Attempt) => Promise<Outcome>;
type Cases = Record<string, (attempt: Attempter) => Promise<void>>;

const ROOT: string = identity("root").cert;
const BY_NAME: ServerTrust = { serverName: "localhost", ca: ROOT };

/** Cases with servers of Deno's TLS, and with peers that do not speak TLS. */
export const CASES: Cases = {
  async "a server is trusted by an authority and its name"(attempt) {
    await assertTrusted(attempt, identity("localhost"), BY_NAME);
    await assertTrusted(attempt, identity("chained"), BY_NAME);
  },

  async "a server is trusted by one of several authorities, as a list or in one text"(attempt) {
    const other = identity("other_root").cert;
    for (const ca of [[other, ROOT], [ROOT + other], `first\n${other}second\n${ROOT}`]) {
      await assertTrusted(attempt, identity("localhost"), { serverName: "localhost", ca });
    }
  },

  async "a self-signed certificate is trusted as its own authority"(attempt) {
    const trust = { serverName: "localhost", ca: CERTIFICATE.cert };
    await assertTrusted(attempt, CERTIFICATE, trust);
  },

  async "a server is trusted by a name in its certificate, whatever its case, and by a wildcard"(
    attempt,
  ) {
    for (const serverName of ["mud.example", "MUD.example.", "play.mud.example"]) {
      await assertTrusted(attempt, identity("elsewhere"), { serverName, ca: ROOT });
    }
  },

  async "a server is trusted by an IP address in its certificate"(attempt) {
    for (const serverName of ["127.0.0.1", "::1", "0:0:0:0:0:0:0:1"]) {
      await assertTrusted(attempt, identity("localhost"), { serverName, ca: ROOT });
    }
  },

  async "a self-signed certificate is trusted by its fingerprint, however that is written"(
    attempt,
  ) {
    const digits = fingerprint(CERTIFICATE.cert);
    for (const pin of [digits, digits.toUpperCase().replaceAll(/..(?=.)/g, "$&:")]) {
      await assertTrusted(attempt, CERTIFICATE, { serverName: "localhost", fingerprint: pin });
    }
  },

  async "a pinned certificate may have expired, and another name or issuer"(attempt) {
    for (const name of ["expired", "elsewhere", "for_clients", "no_authority"]) {
      const trust = { serverName: "127.0.0.1", fingerprint: fingerprint(identity(name).cert) };
      await assertTrusted(attempt, identity(name), trust);
    }
  },

  async "a self-signed certificate is refused, and the error has its fingerprint"(attempt) {
    for (const ca of [undefined, ROOT]) {
      const message = await assertUntrusted(attempt, CERTIFICATE, { serverName: "localhost", ca });
      assertMatch(message, /^Cannot trust the server "localhost": its certificate is self-signed;/);
      const told = /pin it: "([\dA-F:]{95})"$/.exec(message)?.[1] ?? "";
      assertEquals(told.replaceAll(":", "").toLowerCase(), fingerprint(CERTIFICATE.cert));
      await assertTrusted(attempt, CERTIFICATE, { serverName: "localhost", fingerprint: told });
    }
  },

  async "a certificate of an untrusted authority is refused"(attempt) {
    for (const ca of [undefined, identity("other_root").cert, CERTIFICATE.cert]) {
      const trust = { serverName: "localhost", ca };
      const message = await assertUntrusted(attempt, identity("localhost"), trust);
      assertMatch(message, /no trusted authority; give its authority as "ca"; .* pin it: "/);
    }
  },

  async "a certificate whose issuer is no authority is refused"(attempt) {
    await assertUntrusted(attempt, identity("no_authority"), BY_NAME);
  },

  async "a certificate for clients is refused"(attempt) {
    await assertUntrusted(attempt, identity("for_clients"), BY_NAME);
  },

  async "a certificate with another name or IP address is refused"(attempt) {
    const names = ["localhost", "example", "a.b.mud.example", "127.0.0.1", "192.0.2.2", "::1"];
    for (const serverName of names) {
      const trust = { serverName, ca: ROOT };
      const message = await assertUntrusted(attempt, identity("elsewhere"), trust);
      assertMatch(message, /: its certificate is for another name: "DNS:mud\.example, /);
    }
    const trust = { serverName: "192.0.2.1", ca: ROOT };
    await assertTrusted(attempt, identity("elsewhere"), trust);
  },

  async "an expired certificate is refused"(attempt) {
    const message = await assertUntrusted(attempt, identity("expired"), BY_NAME);
    assertMatch(message, /: its certificate expired on 2026-01-01; .* pin it: "/);
  },

  async "any certificate but the pinned one is refused, even one of the same authority"(attempt) {
    const pins = [identity("elsewhere").cert, ROOT, RENEWED.cert];
    for (const pin of pins) {
      const trust = { ...BY_NAME, fingerprint: fingerprint(pin) };
      const message = await assertUntrusted(attempt, identity("localhost"), trust);
      assertMatch(message, /another fingerprint than the pinned one; .* pin the new one: "/);
    }
    const issuer = identity("chained").cert.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? "";
    const trust = { ...BY_NAME, fingerprint: fingerprint(issuer) };
    await assertUntrusted(attempt, identity("chained"), trust);
  },

  async "a peer that sends plain text is refused at its first byte"(attempt) {
    for (const greeting of ["\xff\xfb\x01", "W", "Welcome to the MUD!\r\n", "HTTP/1.1 400\r\n"]) {
      const bytes = Uint8Array.from(greeting, (character) => character.charCodeAt(0));
      await using server = new PlainServer(async (conn) => {
        await conn.write(bytes);
        await drain(conn);
      });
      const outcome = await attempt({ port: server.port, trust: BY_NAME });
      assertMatch(refused(outcome), /"localhost": it does not speak TLS on this port; connect /);
    }
  },

  async "a peer that closes during the handshake is refused"(attempt) {
    const some = Uint8Array.of(0x16, 3, 3, 0, 0x7a, 2, 0, 0, 0x76, 3, 3);
    const buffer = new Uint8Array(4_096);
    for (const answer of [new Uint8Array(0), some]) {
      await using server = new PlainServer(async (conn) => {
        await conn.read(buffer);
        await conn.write(answer);
      });
      const outcome = await attempt({ port: server.port, trust: BY_NAME });
      assertMatch(refused(outcome), /: it closed the connection during the handshake; check /);
    }
    await using closing = new PlainServer(() => Promise.resolve());
    const outcome = await attempt({ port: closing.port, trust: BY_NAME });
    assertMatch(refused(outcome), /: it closed the connection during the handshake; check /);
  },

  async "a peer that ends the handshake with an alert is refused, and so is a broken one"(
    attempt,
  ) {
    const serve = (bytes: readonly number[]) =>
      new PlainServer(async (conn) => {
        await conn.read(new Uint8Array(4_096));
        await conn.write(Uint8Array.from(bytes));
        await drain(conn);
      });
    const version = [0x15, 3, 1, 0, 2, 2, 70];
    const handshake = [0x15, 3, 3, 0, 2, 2, 40];
    const nonsense = [0x16, 3, 3, 0, 4, 99, 0, 0, 0];
    await using old = serve(version);
    const outcome = await attempt({ port: old.port, trust: BY_NAME });
    assertMatch(refused(outcome), /: it does not offer TLS 1\.2 or newer/);
    for (const bytes of [handshake, nonsense]) {
      await using server = serve(bytes);
      const outcome = await attempt({ port: server.port, trust: BY_NAME });
      assertMatch(refused(outcome), /: the handshake failed: "[^"]+"/);
    }
  },

  async "close and abort end a stalled handshake, at once and without an error"(
    attempt,
  ) {
    for (const meanwhile of ["close", "abort"] as const) {
      await using server = new PlainServer(drain);
      const outcome = await attempt({ port: server.port, trust: BY_NAME, meanwhile });
      assertEquals(outcome, { events: ["close", "gone"], text: "" });
    }
  },

  async "invalid trust settings are misuse"(attempt) {
    const wrong: [trust: unknown, message: RegExp][] = [
      [{ serverName: "localhost", fingerprint: "12:34" }, /tls\.fingerprint: expected 64 hexadec/],
      [
        { serverName: "localhost", fingerprint: `${fingerprint(ROOT)}0` },
        /got "[\da-f]{40}" and 25/,
      ],
      [{ serverName: "localhost", fingerprint: 5 }, /tls\.fingerprint: expected text, got 5/],
      [
        { serverName: "localhost", ca: "authority.pem" },
        /tls\.ca: there is no certificate.*Give certificates/,
      ],
      [
        { serverName: "localhost", ca: CERTIFICATE.key },
        /tls\.ca: there is no certificate.*Give certificates/,
      ],
      [{ serverName: "localhost", ca: [] }, /tls\.ca: the list is empty.*Give certificates/],
      [
        { serverName: "localhost", ca: [ROOT, 5] },
        /tls\.ca: there is no certificate.*Give certificates/,
      ],
      [
        { serverName: "localhost", ca: ROOT.replace(/[\w+/]{40}\n/, "\n") },
        /tls\.ca: \S.*Give certificates/,
      ],
      [{ serverName: "" }, /tls\.serverName: expected the name of a host or an IP address, got ""/],
      [{ serverName: "a b" }, /tls\.serverName: expected the name/],
      [{ serverName: "http://mud.example" }, /tls\.serverName: expected the name/],
      [{ serverName: "mud.example\0.evil" }, /tls\.serverName: expected the name/],
      [{}, /tls\.serverName: expected text, got undefined/],
      [
        { serverName: "localhost", rejectUnauthorized: false },
        /Unknown option "tls\.reject.*pin a/,
      ],
      [
        { serverName: "localhost", fingerPrint: "" },
        /"tls\.fingerPrint": did you mean "fingerprint"/,
      ],
    ];
    for (const [trust, message] of wrong) {
      const outcome = await attempt({ port: 1, trust: trust as ServerTrust });
      assertEquals([outcome.code, outcome.events], ["misuse", []], JSON.stringify(trust));
      assertMatch(outcome.message ?? "", message);
      assert(!/PRIVATE KEY/.test(outcome.message ?? ""));
    }
  },
};

/** Cases with servers of OpenSSL. */
export const OPENSSL_CASES: Cases = {
  async "a server of TLS 1.2 or 1.3 is trusted by its authority or its fingerprint"(attempt) {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      await using server = await OpensslServer.start(identityPath("localhost"), ["-rev", version]);
      const pinned = {
        serverName: "localhost",
        fingerprint: fingerprint(identity("localhost").cert),
      };
      for (const trust of [BY_NAME, pinned]) {
        const outcome = await attempt({ port: server.port, trust });
        assertEquals(outcome, { events: ["secure", "data", "close"], text: "kool\n" });
      }
    }
  },

  async "an untrusted server is refused, with TLS 1.2 too"(attempt) {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      await using server = await OpensslServer.start(identityPath("localhost"), ["-rev", version]);
      const other = fingerprint(CERTIFICATE.cert);
      for (
        const trust of [
          { serverName: "localhost" },
          { serverName: "mud.example", ca: ROOT },
          { ...BY_NAME, fingerprint: other },
        ]
      ) assertMatch(refused(await attempt({ port: server.port, trust })), /^Cannot trust /);
    }
  },

  async "a server of TLS 1.1 is refused"(attempt) {
    const args = ["-rev", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    await using server = await OpensslServer.start(identityPath("localhost"), args);
    const message = refused(await attempt({ port: server.port, trust: BY_NAME }));
    assertMatch(message, /: it does not offer TLS 1\.2 or newer/);
  },

  async "the server name is sent in the handshake (SNI), an IP address is not"(attempt) {
    const [file, second] = [identityPath("localhost"), identityPath("elsewhere")];
    const named = ["-servername", "mud.example", "-cert2", second, "-key2", second];
    const args = ["-rev", ...named, "-servername_fatal"];
    await using server = await OpensslServer.start(file, args);
    for (const serverName of ["mud.example", "127.0.0.1"]) {
      const outcome = await attempt({ port: server.port, trust: { serverName, ca: ROOT } });
      assertEquals(outcome, { events: ["secure", "data", "close"], text: "kool\n" });
    }
    const message = refused(await attempt({ port: server.port, trust: BY_NAME }));
    assertMatch(message, /: the handshake failed: ".*unrecogni[sz]ed.?name/i);
  },

  async "a server that asks for another handshake gets no second onSecure"(attempt) {
    await using server = await OpensslServer.start(identityPath("localhost"), ["-tls1_2"]);
    const attempted = attempt({ port: server.port, trust: BY_NAME });
    await server.match(/^look$/);
    await server.type("r\n"); // renegotiates
    await server.match(/^SSL_do_handshake -> /);
    await server.type("you see\n");
    const { events, code = "connection-lost" } = await attempted;
    // Only Bun's TLS allows it; with the others the server loses the connection.
    assertEquals([events.filter((event) => event !== "data"), code], [
      ["secure", "close"],
      "connection-lost",
    ]);
  },

  async "a server that presents a certificate without its key is refused, pinned or not"(attempt) {
    const shown = { stolen: identity("localhost"), stolen_self_signed: CERTIFICATE };
    for (const [name, { cert }] of Object.entries(shown)) {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        await using server = await OpensslServer.start(identityPath(name), ["-rev", version]);
        for (const trust of [{ ca: [ROOT, cert] }, { fingerprint: fingerprint(cert) }]) {
          const outcome = await attempt({
            port: server.port,
            trust: { serverName: "localhost", ...trust },
          });
          assertMatch(refused(outcome), /: its signature cannot be verified: it does not have the/);
        }
      }
    }
  },
};

/** Checks that the client trusts the server, and they exchange data. */
async function assertTrusted(
  attempt: Attempter,
  certificate: { readonly cert: string; readonly key: string },
  trust: ServerTrust,
): Promise<void> {
  await using server = new TlsServer(certificate);
  const outcome = await attempt({ port: server.port, trust });
  assertEquals(outcome, { events: ["secure", "data", "close"], text: "You see: look\n" });
  await server.stop();
  assertEquals(server.received, "look\n");
}

/** Checks that the client refuses the server, and none of its data reaches it. */
async function assertUntrusted(
  attempt: Attempter,
  certificate: { readonly cert: string; readonly key: string },
  trust: ServerTrust,
): Promise<string> {
  await using server = new TlsServer(certificate);
  const message = refused(await attempt({ port: server.port, trust }));
  await server.stop();
  assertEquals(server.received, "");
  return message;
}

function refused({ events, text, code, message = "" }: Outcome): string {
  assertEquals([events, text, code], [["close"], "", "tls-failed"], message);
  assert(!/[\x00-\x1f]|\.$/.test(message), message);
  return message;
}
