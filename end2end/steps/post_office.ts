import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A mail server of this machine, which may refuse mails for good. */
export interface PostOffice {
  port: number;
  /** What is refused for good from now on (RFC 5321 §4.2.2: 550); a mail that does not match is taken. */
  refuses: RegExp | undefined;
  /** The mails that were taken, as they came. */
  taken: string[];
  close(): Promise<void>;
}

/** Opens one on a free loopback port. */
export async function openPostOffice(): Promise<PostOffice> {
  const callers = new Set<Socket>();
  const server = createServer((caller) => {
    callers.add(caller);
    caller.on('close', () => callers.delete(caller));
    caller.on('error', () => {});
    serve(caller, office);
  });
  const office: PostOffice = {
    port: 0,
    refuses: undefined,
    taken: [],
    close: () => {
      for (const caller of callers) caller.destroy();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
  await new Promise<void>((open) => server.listen(0, '127.0.0.1', open));
  office.port = (server.address() as AddressInfo).port;
  return office;
}

/** Speaks the few words of SMTP that are needed to take a mail. */
function serve(caller: Socket, office: PostOffice): void {
  const say = (line: string) => caller.write(`${line}\r\n`);
  let heard = '';
  let isMail = false;
  caller.setEncoding('latin1');
  say('220 post.example');
  caller.on('data', (chunk) => {
    heard += chunk;
    for (;;) {
      const end = isMail ? '\r\n.\r\n' : '\r\n';
      const at = heard.indexOf(end);
      if (at < 0) return;
      const said = heard.slice(0, at);
      heard = heard.slice(at + end.length);
      if (isMail) {
        isMail = false;
        if (office.refuses?.test(said)) {
          say('550 not wanted here');
        } else {
          office.taken.push(said);
          say('250 taken');
        }
      } else if (/^DATA/i.test(said)) {
        isMail = true;
        say('354 go on');
      } else if (/^QUIT/i.test(said)) {
        say('221 bye');
        caller.end();
        return;
      } else {
        say('250 post.example');
      }
    }
  });
}
