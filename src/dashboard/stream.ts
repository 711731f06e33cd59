import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SECURITY_HEADERS } from './headers.ts';
import type { Watch } from './watch.ts';

const MAX_STREAMS = 200;
const BEAT_MS = 15_000;
/** Who does not read what was sent so far gets no more until they have: a slow phone must not fill our memory. */
const MAX_UNREAD = 1_000_000;

/** Server-sent events: the snapshot, again whenever it changes, and at the end `bye` with the last lists. Written once for all who look. */
export function streamEvents(watch: Watch) {
  const open = new Set<ServerResponse>();
  let stopListening = () => {};
  let beat: NodeJS.Timeout | undefined;

  const send = (raw: ServerResponse, frame: Buffer | string) => {
    if (raw.writableLength < MAX_UNREAD) raw.write(frame);
  };
  const tellAll = (frame: Buffer | string) => {
    for (const raw of open) send(raw, frame);
  };
  const frameOf = (text: string) => Buffer.from(`data: ${text}\n\n`);
  const begin = () => {
    stopListening = watch.onChange(text => tellAll(frameOf(text)));
    beat = setInterval(() => tellAll(': still here\n\n'), BEAT_MS).unref();
  };
  const leave = (raw: ServerResponse) => {
    if (!open.delete(raw) || open.size > 0) return;
    stopListening();
    clearInterval(beat);
  };
  return {
    open: (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      if (open.size >= MAX_STREAMS) return reply.code(503).send({ error: 'TOO_MANY_STREAMS' });
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
      raw.write('retry: 1000\n\n');
      if (watch.text !== '') send(raw, frameOf(watch.text));
      open.add(raw);
      if (open.size === 1) begin();
      request.raw.on('close', () => leave(raw));
      return reply;
    },
    /** The lists come along: who is told that it is over can ask for none any more. Where nobody looks on, they are not asked for. */
    end: async (lists: () => Promise<string>) => {
      if (open.size === 0) return;
      const frame = `event: bye\ndata: ${await lists()}\n\n`;
      for (const raw of open) {
        leave(raw);
        raw.end(frame);
      }
    },
  };
}
