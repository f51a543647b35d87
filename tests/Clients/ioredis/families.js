'use strict';

// Runs every family of commands through ioredis against the server on the port given, and prints a line for each family
// that answered as it should: "ok <family>". The first that does not ends the program with what was wrong.

const assert = require('node:assert/strict');
const { performance } = require('node:perf_hooks');
const Redis = require('ioredis');

const port = Number(process.argv[2]);
const many = 2000;
const waitMs = 30000;
const connections = [];

function connect(options) {
    const connection = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 1, retryStrategy: null, ...options });
    // Without a listener each error would be printed; a command that fails says so anyway.
    connection.on('error', () => {});
    connections.push(connection);
    return connection;
}

const numbered = prefix => Array.from({ length: many }, (_, i) => `${prefix}:${i}`);

async function until(condition) {
    const deadline = performance.now() + waitMs;
    while (!await condition()) {
        assert.ok(performance.now() < deadline, `waited in vain: ${condition}`);
    }
}

async function scanned(stream) {
    const items = [];
    for await (const batch of stream) {
        items.push(...batch);
    }
    return items;
}

const families = {
    async strings(redis) {
        assert.equal(await redis.set('s', 'v', 'EX', 100), 'OK');
        assert.equal(await redis.set('s', 'w', 'NX'), null);
        assert.equal(await redis.get('s'), 'v');
        assert.equal(await redis.ttl('s'), 100);
        assert.equal(await redis.incrby('n', 5), 5);
        assert.equal(await redis.incrbyfloat('n', 0.25), '5.25');
        assert.equal(await redis.append('s', '\u00fc'), 3);
        assert.deepEqual(await redis.getBuffer('s'), Buffer.from('v\u00fc'));
        assert.deepEqual(await redis.mget('s', 'none', 'n'), ['v\u00fc', null, '5.25']);
        await assert.rejects(redis.incr('s'), /^ReplyError: ERR value is not an integer or out of range/);
    },

    async keys(redis) {
        assert.equal(await redis.mset(new Map(numbered('key').map(name => [name, 'x']))), 'OK');
        const found = await scanned(redis.scanStream({ match: 'key:1*', count: 100 }));
        assert.equal(new Set(found).size, 1111);
        assert.equal(await redis.rename('key:0', 'other'), 'OK');
        assert.equal(await redis.exists('key:0', 'key:1', 'other'), 2);
        assert.equal(await redis.type('other'), 'string');
        assert.equal(await redis.pexpire('other', 1000000), 1);
        assert.equal(await redis.persist('other'), 1);
        assert.equal(await redis.unlink(numbered('key')), many - 1);
        assert.deepEqual(await redis.keys('*'), ['other']);
    },

    async hashes(redis) {
        assert.equal(await redis.hset('h', { a: 1, b: 'two' }), 2);
        assert.deepEqual(await redis.hgetall('h'), { a: '1', b: 'two' });
        assert.equal(await redis.hincrby('h', 'a', 41), 42);
        assert.deepEqual(await redis.hmget('h', 'a', 'none'), ['42', null]);
        assert.equal(await redis.hset('large', Object.fromEntries(numbered('f').map((name, i) => [name, i]))), many);
        const found = await scanned(redis.hscanStream('large', { count: 100 }));
        assert.equal(new Set(found.filter((_, i) => i % 2 === 0)).size, many);
        assert.deepEqual(await redis.hexpire('h', 10, 'FIELDS', 2, 'a', 'none'), [1, -2]);
        assert.deepEqual(await redis.httl('h', 'FIELDS', 2, 'a', 'b'), [10, -1]);
    },

    async lists(redis) {
        assert.equal(await redis.rpush('l', 'b', 'c', 'd'), 3);
        assert.equal(await redis.lpush('l', 'a'), 4);
        assert.deepEqual(await redis.lrange('l', 0, -1), ['a', 'b', 'c', 'd']);
        assert.equal(await redis.linsert('l', 'BEFORE', 'c', 'between'), 5);
        assert.equal(await redis.lpos('l', 'c'), 3);
        assert.equal(await redis.lmove('l', 'm', 'RIGHT', 'LEFT'), 'd');
        assert.deepEqual(await redis.lpop('l', 2), ['a', 'b']);
        assert.deepEqual(await redis.lmpop(2, 'none', 'm', 'LEFT'), ['m', ['d']]);
        assert.equal(await redis.lpop('m'), null);
        assert.equal(await redis.llen('l'), 2);
    },

    async sets(redis) {
        assert.equal(await redis.sadd('s', 'a', 'b', 'c'), 3);
        assert.equal(await redis.sadd('t', 'b', 'c', 'd'), 3);
        assert.deepEqual((await redis.sinter('s', 't')).sort(), ['b', 'c']);
        assert.deepEqual((await redis.sunion('s', 't')).sort(), ['a', 'b', 'c', 'd']);
        assert.deepEqual(await redis.sdiff('s', 't'), ['a']);
        assert.equal(await redis.sintercard(2, 's', 't', 'LIMIT', 1), 1);
        assert.deepEqual(await redis.smismember('s', 'a', 'd'), [1, 0]);
        assert.equal(await redis.smove('s', 't', 'a'), 1);
        assert.deepEqual((await redis.spop('s', 5)).sort(), ['b', 'c']);
        assert.equal(await redis.exists('s'), 0);
        assert.equal(await redis.sadd('large', numbered('m')), many);
        assert.equal(new Set(await scanned(redis.sscanStream('large', { count: 100 }))).size, many);
    },

    async 'sorted sets'(redis) {
        assert.equal(await redis.zadd('z', 1, 'a', 2.5, 'b', 'inf', 'c'), 3);
        assert.deepEqual(await redis.zrange('z', 0, -1, 'WITHSCORES'), ['a', '1', 'b', '2.5', 'c', 'inf']);
        assert.deepEqual(await redis.zrange('z', '(1', 3, 'BYSCORE'), ['b']);
        assert.equal(await redis.zrank('z', 'b'), 1);
        assert.equal(await redis.zscore('z', 'none'), null);
        assert.equal(await redis.zincrby('z', 0.5, 'a'), '1.5');
        assert.equal(await redis.zadd('y', 10, 'a'), 1);
        assert.deepEqual(await redis.zinter(2, 'z', 'y', 'WEIGHTS', 1, 2, 'WITHSCORES'), ['a', '21.5']);
        assert.deepEqual(await redis.zpopmin('z'), ['a', '1.5']);
        assert.deepEqual(await redis.zmpop(2, 'none', 'z', 'MAX'), ['z', [['c', 'inf']]]);
        assert.equal(await redis.zadd('large', ...numbered('m').flatMap((name, i) => [i, name])), many);
        const found = await scanned(redis.zscanStream('large', { count: 100 }));
        assert.equal(new Set(found.filter((_, i) => i % 2 === 0)).size, many);
    },

    async geo(redis) {
        assert.equal(await redis.geoadd('g', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2);
        assert.equal(await redis.geodist('g', 'Palermo', 'Catania', 'km'), '166.2742');
        assert.deepEqual(
            await redis.geosearch('g', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC', 'WITHDIST'),
            [['Catania', '56.4413'], ['Palermo', '190.4424']]);
        assert.deepEqual(await redis.geohash('g', 'Palermo', 'none'), ['sqc8b49rny0', null]);
    },

    async bitmaps(redis) {
        assert.equal(await redis.setbit('b', 7, 1), 0);
        assert.equal(await redis.setbit('b', 16, 1), 0);
        assert.deepEqual(await redis.getBuffer('b'), Buffer.from([1, 0, 128]));
        assert.equal(await redis.bitcount('b'), 2);
        assert.equal(await redis.bitpos('b', 1, 1), 16);
        assert.equal(await redis.bitop('NOT', 'x', 'b'), 3);
        assert.deepEqual(await redis.getBuffer('x'), Buffer.from([254, 255, 127]));
        assert.deepEqual(await redis.bitfield('b', 'GET', 'u8', 0, 'OVERFLOW', 'SAT', 'INCRBY', 'u8', 0, 300), [1, 255]);
    },

    async HyperLogLogs(redis) {
        assert.equal(await redis.pfadd('p', 'a', 'b', 'c'), 1);
        assert.equal(await redis.pfadd('p', 'a'), 0);
        assert.equal(await redis.pfadd('q', 'c', 'd'), 1);
        assert.equal(await redis.pfcount('p', 'q'), 4);
        assert.equal(await redis.pfmerge('merged', 'p', 'q'), 'OK');
        assert.equal(await redis.pfcount('merged'), 4);
    },

    async waiting(redis) {
        const waiter = connect();
        const id = await waiter.client('ID');
        const isWaiting = async () => (await redis.client('LIST', 'ID', id)).includes('cmd=blpop');
        for (const [key, element] of [['first', '1'], ['second', '2']]) {
            const popped = waiter.blpop('first', 'second', 0);
            // The element is pushed only when the other connection waits for it.
            await until(isWaiting);
            assert.equal(await redis.rpush(key, element), 1);
            assert.deepEqual(await popped, [key, element]);
            assert.equal(await redis.exists(key), 0);
            assert.equal(await waiter.ping(), 'PONG');
        }
    },

    async streams(redis) {
        assert.equal(await redis.xadd('s', '1-1', 'n', '1'), '1-1');
        assert.equal(await redis.xadd('s', 'MAXLEN', '~', many, '2-*', 'n', '2', 'm', 'x'), '2-0');
        assert.match(await redis.xadd('s', '*', 'n', '3'), /^\d+-0$/);
        assert.deepEqual(await redis.xrange('s', '-', '(3', 'COUNT', 5), [['1-1', ['n', '1']], ['2-0', ['n', '2', 'm', 'x']]]);
        assert.equal((await redis.xrevrange('s', '+', '-')).length, 3);
        assert.deepEqual(await redis.xread('COUNT', 1, 'STREAMS', 's', 'none', '1-1', '0'), [['s', [['2-0', ['n', '2', 'm', 'x']]]]]);
        assert.equal(await redis.xdel('s', '2-0', '9-9'), 1);
        assert.equal(await redis.xtrim('s', 'MAXLEN', 1), 1);
        assert.equal(await redis.xlen('s'), 1);

        assert.equal(await redis.xgroup('CREATE', 't', 'g', '$', 'MKSTREAM'), 'OK');
        const pipeline = redis.pipeline();
        for (let i = 1; i <= many; i++) {
            pipeline.xadd('t', `${i}-0`, 'n', i);
        }
        assert.equal((await pipeline.exec()).length, many);
        const [[, entries]] = await redis.xreadgroup('GROUP', 'g', 'a', 'STREAMS', 't', '>');
        assert.deepEqual(entries.map(([, [, n]]) => Number(n)), Array.from({ length: many }, (_, i) => i + 1));
        assert.equal(await redis.xack('t', 'g', ...entries.slice(3).map(([id]) => id)), many - 3);
        assert.deepEqual(await redis.xpending('t', 'g'), [3, '1-0', '3-0', [['a', '3']]]);
        assert.deepEqual(await redis.xclaim('t', 'g', 'b', 0, '1-0'), [['1-0', ['n', '1']]]);
        assert.deepEqual(await redis.xautoclaim('t', 'g', 'c', 0, '2', 'COUNT', 1, 'JUSTID'), ['3-0', ['2-0'], []]);
        const pending = await redis.xpending('t', 'g', '-', '+', 10);
        assert.deepEqual(pending.map(([id, consumer, , count]) => [id, consumer, count]), [['1-0', 'b', 2], ['2-0', 'c', 1], ['3-0', 'a', 1]]);
        await assert.rejects(redis.xgroup('CREATE', 't', 'g', '0'), /^ReplyError: BUSYGROUP /);
        assert.equal(await redis.xgroup('DELCONSUMER', 't', 'g', 'b'), 1);

        const waiter = connect();
        const id = await waiter.client('ID');
        const isWaiting = async name => (await redis.client('LIST', 'ID', id)).includes(`cmd=${name}`);
        const read = waiter.xread('BLOCK', 0, 'STREAMS', 'none', 's', '$', '$');
        // The entry is added only when the other connection waits for it.
        await until(() => isWaiting('xread'));
        const added = await redis.xadd('s', '*', 'n', 'new');
        assert.deepEqual(await read, [['s', [[added, ['n', 'new']]]]]);
        const delivered = waiter.xreadgroup('GROUP', 'g', 'a', 'BLOCK', 0, 'STREAMS', 't', '>');
        await until(() => isWaiting('xreadgroup'));
        assert.equal(await redis.xadd('t', `${many + 1}-0`, 'n', 'late'), `${many + 1}-0`);
        assert.deepEqual(await delivered, [['t', [[`${many + 1}-0`, ['n', 'late']]]]]);
    },

    async messages(redis) {
        const subscriber = connect();
        const got = [];
        subscriber.on('message', (channel, message) => got.push([channel, message]));
        subscriber.on('pmessage', (pattern, channel, message) => got.push([pattern, channel, message]));
        subscriber.on('smessage', (channel, message) => got.push(['shard', channel, message]));
        const arrived = async expected => {
            await until(async () => await redis.ping() && got.length >= expected.length);
            assert.deepEqual(got.splice(0), expected);
        };

        assert.equal(await subscriber.subscribe('news', 'sport'), 2);
        assert.equal(await subscriber.psubscribe('n*'), 3);
        assert.equal(await subscriber.ssubscribe('news'), 1);
        assert.equal(await redis.publish('news', 'hi'), 2);
        assert.equal(await redis.spublish('news', 'shard'), 1);
        await arrived([['news', 'hi'], ['n*', 'news', 'hi'], ['shard', 'news', 'shard']]);
        assert.deepEqual(await redis.pubsub('NUMSUB', 'news', 'none'), ['news', 1, 'none', 0]);
        await assert.rejects(subscriber.get('k'), /^Error: Connection in subscriber mode/);
        assert.equal(await subscriber.unsubscribe('news', 'sport'), 1);
        assert.equal(await subscriber.punsubscribe('n*'), 0);
        assert.equal(await subscriber.sunsubscribe('news'), 0);

        assert.equal(await redis.config('SET', 'notify-keyspace-events', 'KEA'), 'OK');
        assert.equal(await subscriber.psubscribe('__key*__:*'), 1);
        await redis.pipeline().set('k', 'v').expire('k', 100).exec();
        await arrived(['set', 'expire'].flatMap(event => [
            ['__key*__:*', '__keyspace@0__:k', event], ['__key*__:*', `__keyevent@0__:${event}`, 'k']]));
        assert.equal(await redis.config('SET', 'notify-keyspace-events', ''), 'OK');
    },

    async 'users and copies'(redis) {
        assert.equal(await redis.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~k*', 'resetchannels', '&__redis__:invalidate', '&news', '+@all'), 'OK');
        const user = { username: 'reader', password: 'pw' };
        const listener = connect(user);
        const got = [];
        listener.on('message', (channel, message) => got.push([channel, message]));
        const id = await listener.client('ID');
        assert.equal(await listener.subscribe('__redis__:invalidate', 'news'), 2);
        await assert.rejects(listener.subscribe('other'), /^ReplyError: NOPERM /);
        const reader = connect(user);
        assert.equal(await reader.client('TRACKING', 'ON', 'REDIRECT', id), 'OK');
        assert.equal(await reader.get('k'), null);
        await assert.rejects(reader.get('other'), /^ReplyError: NOPERM /);
        assert.equal(await redis.set('k', 'v'), 'OK');
        assert.equal(await redis.publish('news', 'hi'), 1);
        await until(async () => await redis.ping() && got.length === 2);
        assert.deepEqual(got, [['__redis__:invalidate', 'k'], ['news', 'hi']]);
        assert.equal(await redis.call('ACL', 'DELUSER', 'reader'), 1);
        await until(async () => await redis.ping() && reader.status === 'end' && listener.status === 'end');
    },

    async pipelines(redis) {
        const pipeline = redis.pipeline();
        for (let i = 0; i < many; i++) {
            pipeline.rpush('l', i);
        }
        const replies = await pipeline.hget('l', 'f').lrange('l', -2, -1).exec();
        assert.equal(replies.length, many + 2);
        assert.deepEqual(replies.slice(0, many), Array.from({ length: many }, (_, i) => [null, i + 1]));
        assert.match(replies[many][0].message, /^WRONGTYPE /);
        assert.deepEqual(replies[many + 1], [null, [`${many - 2}`, `${many - 1}`]]);
    },

    async transactions(redis) {
        const done = await redis.multi().set('k', 1).sadd('k', 'wrong').incr('k').exec();
        assert.deepEqual([done[0], done[2]], [[null, 'OK'], [null, 2]]);
        assert.match(done[1][0].message, /^WRONGTYPE /);
        assert.equal(await redis.watch('k'), 'OK');
        assert.equal(await connect().set('k', 'changed'), 'OK');
        assert.equal(await redis.multi().set('k', 'lost').exec(), null);
        assert.equal(await redis.get('k'), 'changed');
        await assert.rejects(redis.multi().set('k').exec(), /^ReplyError: EXECABORT /);
    },
};

async function main() {
    const redis = connect();
    for (const [family, run] of Object.entries(families)) {
        await redis.flushall();
        await run(redis);
        console.log(`ok ${family}`);
    }
}

main().then(
    () => connections.forEach(connection => connection.disconnect()),
    error => {
        console.error(error);
        process.exit(1);
    });
