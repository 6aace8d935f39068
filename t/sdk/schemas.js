'use strict';

// Run by t/tools/sdk: schemas.js DIR makes DIR/schemas.json of answers.ts and
// of the types that the packages in DIR/node_modules declare.

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const dir = process.argv[2];
const { createGenerator } = createRequire(`${dir}/node_modules/index.js`)(
    'ts-json-schema-generator');

// the types' imports are found from where the file lies

const types = path.join(dir, 'answers.ts');
fs.copyFileSync(path.join(__dirname, 'answers.ts'), types);

const schema = createGenerator({ path: types, skipTypeCheck: true,
    additionalProperties: false, jsDoc: 'none', expose: 'export' })
    .createSchema('*');
fs.writeFileSync(path.join(dir, 'schemas.json'), JSON.stringify(schema));
