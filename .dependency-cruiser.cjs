/** The direction of imports (docs/adr/0002): everyone may import core, nobody the other way, no adapter another. */
const only = (name, from, allowed) => ({
  name,
  comment: `${name}: see CONTRIBUTING.md, "Who may import whom"`,
  severity: 'error',
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: '^(src|connectors|test|bench|examples)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('core-imports-core', '^src/core/', '^src/core/'),
    only('ports-import-core', '^src/ports/', '^src/(ports|core)/|^src/config/model\\.ts$'),
    only('config-imports-core-and-ports', '^src/config/', '^src/(config|core|ports)/'),
    only('store-imports-ports', '^src/store/', '^src/(store|ports|core)/'),
    only('app-imports-ports-and-config', '^src/app/', '^src/(app|ports|core|config)/'),
    only('http-imports-app', '^src/http/', '^src/(http|app|ports|core)/|^src/config/model\\.ts$'),
    {
      ...only('connectors-import-ports', '^connectors/([^/]+)/', '^src/(ports|core)/|^src/config/(model|secrets)\\.ts$'),
      to: {
        path: '^(src|connectors|test|bench|examples)/',
        pathNot: '^src/(ports|core)/|^src/config/(model|secrets)\\.ts$|^connectors/(shared|$1)/',
      },
    },
    {
      name: 'core-is-pure',
      comment: 'The core has no I/O: it imports nothing of Node.',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'product-imports-no-tests',
      severity: 'error',
      from: { path: '^(src|connectors)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
