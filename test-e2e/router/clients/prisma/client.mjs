/** Prisma: nested writes, relations, aggregates, both kinds of transactions. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaClient } from './generated/client.ts';

const [host, port, user, password, database] = process.argv.slice(2);
const prisma = new PrismaClient({
  adapter: new PrismaMariaDb({ host, port: Number(port), user, password, database, connectionLimit: 4 }),
});

/** Prisma's own program for definitions is not in its packages. */
for (const definition of [
  'CREATE TABLE users (id BIGINT NOT NULL AUTO_INCREMENT, name VARCHAR(40) NOT NULL, born DATE NULL, PRIMARY KEY (id))',
  'CREATE TABLE orders (user_id BIGINT NOT NULL, number INT NOT NULL, total DECIMAL(10, 2) NOT NULL, PRIMARY KEY (user_id, number), CONSTRAINT orders_of FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)',
]) {
  await prisma.$executeRawUnsafe(definition);
}

const born = new Date('2000-01-02');
const ann = await prisma.user.create({ data: { name: 'Ann', born } });
deepEqual([typeof ann.id, ann.name, ann.born], ['bigint', 'Ann', born]);

const bob = await prisma.user.create({
  data: {
    name: 'Bob',
    orders: {
      create: [
        { number: 1, total: '1.50' },
        { number: 2, total: '2.25' },
      ],
    },
  },
  include: { orders: true },
});
equal(bob.orders.length, 2);
deepEqual(await prisma.user.createMany({ data: ['Cid', 'Dan', 'Eve'].map((name) => ({ name })) }), {
  count: 3,
});

equal(await prisma.user.count(), 5);
const page = await prisma.user.findMany({ orderBy: { name: 'desc' }, skip: 2, take: 2 });
deepEqual(
  page.map(({ name }) => name),
  ['Cid', 'Bob'],
);
const all = await prisma.user.findMany({ orderBy: { name: 'asc' }, include: { orders: true } });
deepEqual(
  all.map(({ orders }) => orders.length),
  [0, 2, 0, 0, 0],
);
const spenders = await prisma.user.findMany({ where: { orders: { some: { total: { gt: 2 } } } } });
deepEqual(
  spenders.map(({ name }) => name),
  ['Bob'],
);
const {
  _sum: sum,
  _max: largest,
  _count: rows,
} = await prisma.order.aggregate({ _sum: { total: true }, _max: { number: true }, _count: true });
deepEqual([sum.total?.toString(), largest.number, rows], ['3.75', 2, 2]);
const [group] = await prisma.order.groupBy({
  by: ['userId'],
  _sum: { total: true },
  orderBy: { userId: 'asc' },
});
const { userId, _sum: sumOfGroup } = group;
deepEqual([userId, sumOfGroup.total.toString()], [bob.id, '3.75']);

const changed = await prisma.user.update({
  where: { id: bob.id },
  data: {
    name: 'Rob',
    orders: {
      update: { where: { userId_number: { userId: bob.id, number: 1 } }, data: { total: 9 } },
    },
  },
  include: { orders: { orderBy: { number: 'asc' } } },
});
deepEqual([changed.name, ...changed.orders.map(({ total }) => total.toString())], ['Rob', '9', '2.25']);
const byKey = { userId_number: { userId: bob.id, number: 7 } };
const upsert = {
  where: byKey,
  create: { userId: bob.id, number: 7, total: 7 },
  update: { total: { increment: 1 } },
};
await prisma.order.upsert(upsert);
equal((await prisma.order.upsert(upsert)).total.toString(), '8');
const raised = await prisma.order.updateMany({
  where: { userId: bob.id, total: { gt: 5 } },
  data: { total: { increment: 1 } },
});
equal(raised.count, 2);

const [, count] = await prisma.$transaction([
  prisma.order.create({ data: { userId: bob.id, number: 8, total: 1 } }),
  prisma.order.count({ where: { userId: bob.id } }),
]);
equal(count, 4);
await rejects(
  prisma.$transaction(async (transaction) => {
    await transaction.order.deleteMany({ where: { userId: bob.id } });
    throw new Error('changed my mind');
  }),
  /changed my mind/,
);
equal(await prisma.order.count(), 4);
await rejects(prisma.order.create({ data: { userId: bob.id, number: 8, total: 1 } }), { code: 'P2002' });
deepEqual(await prisma.$queryRaw`SELECT COUNT(*) AS n FROM orders WHERE user_id = ${bob.id}`, [{ n: 4n }]);

await prisma.user.delete({ where: { id: bob.id } });
deepEqual([await prisma.order.count(), await prisma.user.count()], [0, 4]);
await prisma.$disconnect();
console.log('ok');
