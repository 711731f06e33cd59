import type { FastifyReply, FastifyRequest } from 'fastify';
import { SECURITY_HEADERS } from './headers.ts';
import type { Watch } from './watch.ts';

const MAX_STREAMS = 200;
const BEAT_MS = 15_000;
/** Who does not read what was sent so far gets no more until they have: a slow phone must not fill our memory. */
const MAX_UNREAD = 1_000_000;

/** Server-sent events: the snapshot, again whenever it changes, and `bye` at the end. */
export function streamEvents(watch: Watch) {
  const open = new Set<() => void>();
  return {
    open: (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      if (open.size >= MAX_STREAMS) return reply.code(503).send({ error: 'TOO_MANY_STREAMS' });
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
      const send = (text: string) => {
        if (raw.writableLength < MAX_UNREAD) raw.write(`data: ${text}\n\n`);
      };
      raw.write('retry: 1000\n\n');
      if (watch.text !== '') send(watch.text);
      const stopListening = watch.onChange(send);
      const beat = setInterval(() => raw.write(': still here\n\n'), BEAT_MS).unref();
      const end = () => {
        stopListening();
        clearInterval(beat);
        open.delete(end);
        raw.end('event: bye\ndata: {}\n\n');
      };
      open.add(end);
      request.raw.on('close', end);
      return reply;
    },
    end: () => {
      for (const end of [...open]) end();
    },
  };
}
