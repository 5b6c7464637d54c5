// SPDX-License-Identifier: Apache-2.0
// The lab's API server through the eyes of the official JavaScript client.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as k8s from '@kubernetes/client-node';

const ns = process.env.LAB_NAMESPACE;
const options = (type) => k8s.setHeaderOptions('Content-Type', type);

function configOf(token) {
  const config = new k8s.KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'lab', server: process.env.LAB_SERVER, caFile: process.env.LAB_CA }],
    users: [{ name: 'me', token }],
    contexts: [{ name: 'lab', cluster: 'lab', user: 'me' }],
    currentContext: 'lab',
  });
  return config;
}

const config = configOf('admin-token');
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const batch = config.makeApiClient(k8s.BatchV1Api);
const policy = config.makeApiClient(k8s.PolicyV1Api);
const coordination = config.makeApiClient(k8s.CoordinationV1Api);

const control = (path, body) =>
  fetch(`${process.env.LAB_CONTROL}/_lab/${path}`,
    { method: 'POST', body: JSON.stringify(body ?? {}) });

/** Looks every 20 ms until the condition holds; fails after ten seconds. */
async function until(condition, what) {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`not within 10 s: ${what}`);
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { code: error.code, body: error.body && JSON.parse(error.body) };
  }
  assert.fail('the request was not refused');
}

const configMap = (name, labels) =>
  ({ namespace: ns, body: { metadata: { name, labels }, data: { n: name } } });
const createMap = (name, labels) => core.createNamespacedConfigMap(configMap(name, labels));

describe('lists and watches', () => {
  before(async () => {
    for (let i = 0; i < 7; ++i) await createMap(`page-${i}`, { set: 'pages' });
  });

  test('a list in pages gives every object once', async () => {
    const names = [];
    let _continue;
    let pages = 0;
    do {
      const page = await core.listNamespacedConfigMap(
        { namespace: ns, labelSelector: 'set=pages', limit: 3, _continue });
      names.push(...page.items.map((item) => item.metadata.name));
      _continue = page.metadata._continue;
      ++pages;
    } while (_continue);
    assert.deepEqual([names.length, new Set(names).size, pages], [7, 7, 3]);
  });

  test('pods are found by their node', async () => {
    const pods = await core.listPodForAllNamespaces({ fieldSelector: 'spec.nodeName=cp1' });
    assert.ok(pods.items.some((pod) => pod.metadata.annotations['kubernetes.io/config.mirror']));
  });

  test('a watch tells what happens and ends at its timeout', async () => {
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const list = await core.listNamespacedConfigMap({ namespace: ns });
    const seen = [];
    const resourceVersion = list.metadata.resourceVersion;
    const query = { resourceVersion, timeoutSeconds: 1, allowWatchBookmarks: true };
    const note = (type, object) => seen.push([type, object.metadata.name]);
    const ended = new Promise((resolve) => {
      new k8s.Watch(config).watch(path, query, note, resolve);
    });
    await createMap('watched');
    await core.deleteNamespacedConfigMap({ namespace: ns, name: 'watched' });
    const reason = await ended;
    assert.ok((reason ?? k8s.Watch.SERVER_SIDE_CLOSE) === k8s.Watch.SERVER_SIDE_CLOSE, `${reason}`);
    assert.deepEqual(seen.filter(([type]) => type !== 'BOOKMARK'),
      [['ADDED', 'watched'], ['DELETED', 'watched']]);
    assert.ok(seen.some(([type]) => type === 'BOOKMARK'));
  });

  test('an informer keeps its cache over a cut connection and a compaction', async () => {
    const path = `/api/v1/namespaces/${ns}/secrets`;
    const list = () => core.listNamespacedSecret({ namespace: ns });
    const informer = k8s.makeInformer(config, path, list);
    const names = () => informer.list(ns).map((secret) => secret.metadata.name).sort();
    const secret = (name) =>
      core.createNamespacedSecret({ namespace: ns, body: { metadata: { name } } });
    let stopped = false;
    informer.on('error', () => setTimeout(() => stopped || informer.start(), 50));
    await secret('one');
    await informer.start();
    await until(() => names().join() === 'one', 'the first is cached');
    await control('abort-watches');
    await control('compact');
    await secret('two');
    await core.deleteNamespacedSecret({ namespace: ns, name: 'one' });
    await until(() => names().join() === 'two', 'the cache is right again');
    stopped = true;
    await informer.stop();
  });
});

describe('writes', () => {
  test('the three kinds of patch do what they say', async () => {
    await createMap('patched');
    const patch = (body, type) =>
      core.patchNamespacedConfigMap({ namespace: ns, name: 'patched', body }, options(type));
    const merged = await patch({ data: { a: '1', n: null } }, k8s.PatchStrategy.MergePatch);
    assert.deepEqual(merged.data, { a: '1' });
    const failed = await refusal(
      patch([{ op: 'test', path: '/data/a', value: '2' }], k8s.PatchStrategy.JsonPatch));
    assert.equal(failed.code, 422);
    const strategic = await patch(
      { metadata: { annotations: { x: 'y' } } }, k8s.PatchStrategy.StrategicMergePatch);
    assert.equal(strategic.metadata.annotations.x, 'y');
  });

  test('a node is cordoned with a precondition on its version', async () => {
    const node = await core.readNode({ name: 'w4' });
    const patch = (unschedulable, resourceVersion) => core.patchNode(
      { name: 'w4', body: { metadata: { resourceVersion }, spec: { unschedulable } } },
      options(k8s.PatchStrategy.StrategicMergePatch));
    const cordoned = await patch(true, node.metadata.resourceVersion);
    assert.equal(cordoned.spec.unschedulable, true);
    const stale = await refusal(patch(null, node.metadata.resourceVersion));
    assert.deepEqual([stale.code, stale.body.reason], [409, 'Conflict']);
    const open = await patch(null);
    assert.equal(open.spec.unschedulable, undefined);
  });

  test('a lease is created, taken over and defended', async () => {
    const lease = { metadata: { name: 'leader', namespace: ns },
                    spec: { holderIdentity: 'a', leaseDurationSeconds: 15,
                            renewTime: new k8s.V1MicroTime() } };
    const replace = (body) =>
      coordination.replaceNamespacedLease({ namespace: ns, name: 'leader', body });
    const created = await coordination.createNamespacedLease({ namespace: ns, body: lease });
    const renewed = await replace(created);
    renewed.spec.holderIdentity = 'b';
    await replace(renewed);
    const stale = await refusal(replace(created));
    assert.equal(stale.body.reason, 'Conflict');
    const taken = await refusal(coordination.createNamespacedLease({ namespace: ns, body: lease }));
    assert.equal(taken.body.reason, 'AlreadyExists');
  });
});

describe('evictions', () => {
  const labels = { app: 'evicted' };
  const evict = (name) => core.createNamespacedPodEviction(
    { name, namespace: ns, body: { metadata: { name, namespace: ns } } });

  before(async () => {
    const container = { name: 'main', image: 'lab/main:1' };
    await apps.createNamespacedDeployment({ namespace: ns, body: {
      metadata: { name: 'evicted' },
      spec: { replicas: 2, selector: { matchLabels: labels },
              template: { metadata: { labels }, spec: { containers: [container] } } } } });
    await policy.createNamespacedPodDisruptionBudget({ namespace: ns, body: {
      metadata: { name: 'budget' },
      spec: { minAvailable: 1, selector: { matchLabels: labels } } } });
  });

  test('the budget lets one go, holds the next, and recovers', async () => {
    const budget = () =>
      policy.readNamespacedPodDisruptionBudget({ namespace: ns, name: 'budget' });
    const allowed = async () => (await budget()).status.disruptionsAllowed;
    await until(async () => (await allowed()) === 1, 'one disruption is allowed');
    const pods = await core.listNamespacedPod({ namespace: ns, labelSelector: 'app=evicted' });
    const [first, second] = pods.items.map((pod) => pod.metadata.name);
    await evict(first);
    const held = await refusal(evict(second));
    assert.deepEqual([held.code, held.body.details.causes[0].reason], [429, 'DisruptionBudget']);
    await until(async () => (await allowed()) === 1, 'the replacement is ready');
    await evict(second);
    const gone = await refusal(evict('no-such-pod'));
    assert.equal(gone.code, 404);
  });
});

describe('jobs', () => {
  test('a job made from a cronjob completes and leaves its log', async () => {
    const cron = await batch.readNamespacedCronJob({ name: 'backup-etcd', namespace: 'default' });
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: cron.metadata.name,
                    uid: cron.metadata.uid, controller: true };
    await batch.createNamespacedJob({ namespace: 'default', body: {
      metadata: { name: 'backup-js', annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
                  ownerReferences: [owner] },
      spec: cron.spec.jobTemplate.spec } });
    const job = () => batch.readNamespacedJob({ name: 'backup-js', namespace: 'default' });
    const complete = (conditions) => conditions?.some(({ type }) => type === 'Complete');
    await until(async () => complete((await job()).status.conditions), 'the job completes');
    const labelSelector = 'batch.kubernetes.io/job-name=backup-js';
    const pods = await core.listNamespacedPod({ namespace: 'default', labelSelector });
    const name = pods.items[0].metadata.name;
    const log = await core.readNamespacedPodLog({ namespace: 'default', name });
    assert.match(log, /Backup done: \/backups\/etcd-\S+\.db \(5242912 bytes\)/);
  });
});

describe('access', () => {
  test('a wrong token is a 401 and a small one a 403', async () => {
    const stranger = configOf('wrong').makeApiClient(k8s.CoreV1Api);
    assert.equal((await refusal(stranger.listNode())).code, 401);
    const viewer = configOf('viewer-token').makeApiClient(k8s.CoreV1Api);
    assert.equal((await viewer.listNode()).items.length, 5);
    const denied = await refusal(viewer.listNamespacedSecret({ namespace: ns }));
    assert.deepEqual([denied.code, denied.body.reason], [403, 'Forbidden']);
  });
});
