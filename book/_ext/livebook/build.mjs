// Bundles src/ into static/livebook.js, .css and the licences of what is inside. Run: npm ci && npm run build
import { build } from 'esbuild';
import { readFileSync, readdirSync, rmSync, writeFileSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const result = await build({
  absWorkingDir: here,
  entryPoints: ['src/main.js'],
  outfile: 'static/livebook.js',
  bundle: true, minify: true, format: 'iife', target: 'es2021', charset: 'utf8',
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  alias: { 'sanitize-html': './src/sanitize.js' },
  loader: { '.svg': 'dataurl' },
  legalComments: 'none', // the whole licences go into LEGAL.txt
  metafile: true, logLevel: 'warning',
});

const packages = new Map();
for (const [path, { bytesInOutput }] of Object.entries(result.metafile.outputs['static/livebook.js'].inputs)) {
  const name = path.match(/.*node_modules\/((@[^/]+\/)?[^/]+)/)?.[0] ?? 'src';
  packages.set(name, (packages.get(name) ?? 0) + bytesInOutput);
}
const legal = [];
for (const folder of [...packages.keys()].filter((name) => name !== 'src').sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(here, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(here, folder, file), 'utf8').trim() : '(the package carries no licence file)';
  legal.push(`${name} ${version} — ${license}\n\n${text}`);
}
writeFileSync(join(here, 'static/livebook.LEGAL.txt'), legal.join(`\n\n${'-'.repeat(80)}\n\n`) + '\n');

// MathJax: the component with every TeX extension inside, so that it never asks for another file but its fonts.
const mathjax = join(here, 'node_modules/mathjax');
const fonts = 'output/chtml/fonts/woff-v2';
rmSync(join(here, 'mathjax'), { recursive: true, force: true });
mkdirSync(join(here, 'mathjax', fonts), { recursive: true });
copyFileSync(join(mathjax, 'es5/tex-chtml-full.js'), join(here, 'mathjax/tex-chtml-full.js'));
copyFileSync(join(mathjax, 'LICENSE'), join(here, 'mathjax/LICENSE'));
for (const font of readdirSync(join(mathjax, 'es5', fonts))) {
  copyFileSync(join(mathjax, 'es5', fonts, font), join(here, 'mathjax', fonts, font));
}

const sizes = [...packages].map(([name, bytes]) => [name.replace('node_modules/', ''), Math.round(bytes / 1024)]);
console.log(sizes.sort((a, b) => b[1] - a[1]).slice(0, 12).map(([name, kB]) => `${name} ${kB} kB`).join(', '));
