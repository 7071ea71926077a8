// SARIF 2.1.0 (OASIS), for code scanning and editors: each problem with its rule, its places, what makes it the same problem
// after lines have moved, and the edits that mend it.

import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import { catalog, type Entry } from '../../source/catalog.ts';
import type { Diagnostic } from '../../source/diagnostic.ts';
import type { Edit, Fix } from '../../source/fix.ts';
import { rangeOf } from '../../source/json.ts';
import type { Span } from '../../source/source.ts';
import { blamedLine } from '../baseline.ts';
import { sectionOf } from '../codes-file.ts';
import { explainCode } from '../explain.ts';
import { pathFrom } from '../path.ts';
import type { CheckReport } from './report.ts';

/**
 * @param root the folder that paths are told from
 */
export function sarif({ files }: CheckReport, root: string): string {
  const diagnostics = files.flatMap((file) => file.diagnostics);
  const entries: readonly Entry[] = Object.values(catalog);
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const rules = codes.flatMap((code) => entries.filter((entry) => entry.code === code).map(ruleOf));
  const repeats = new Map<string, number>();
  const results = diagnostics.map((diagnostic) => {
    const print = `${diagnostic.code}\n${pathFrom(root, diagnostic.span.source.path)}\n${blamedLine(diagnostic)}`;
    const repeat = (repeats.get(print) ?? 0) + 1;
    repeats.set(print, repeat);
    const hash = createHash('sha256').update(print).digest('hex').slice(0, 32);
    return resultOf(diagnostic, codes.indexOf(diagnostic.code), `${hash}:${repeat}`, root);
  });
  const driver = { name: 'netloom', version: packageJson.version, semanticVersion: packageJson.version, rules };
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function ruleOf(entry: Entry): object {
  const text = explainCode(entry);
  const section = sectionOf(entry.code);
  return {
    id: entry.code,
    shortDescription: { text: entry.message.replace(/\{(\w+)\}/g, '<$1>') },
    fullDescription: { text },
    help: { text, markdown: `\`\`\`text\n${text}\n\`\`\`` },
    ...(section === undefined ? {} : { helpUri: section }),
    defaultConfiguration: { level: entry.severity },
  };
}

function resultOf(diagnostic: Diagnostic, ruleIndex: number, fingerprint: string, root: string): object {
  const { code, severity, message, span, label, help, related, fix } = diagnostic;
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: `${message}: ${label}${help === undefined ? '' : `. Help: ${help}`}` },
    locations: [{ physicalLocation: locationOf(span, root) }],
    ...(related.length === 0
      ? {}
      : { relatedLocations: related.map((other, id) => ({ id, physicalLocation: locationOf(other.span, root), message: { text: other.note } })) }),
    partialFingerprints: { 'netloom/v1': fingerprint },
    ...(fix === undefined ? {} : { fixes: [fixOf(fix, root)] }),
  };
}

function fixOf({ title, edits }: Fix, root: string): object {
  const files = new Map<string, Edit[]>();
  for (const edit of edits) {
    const uri = uriOf(edit.span.source.path, root);
    files.set(uri, [...(files.get(uri) ?? []), edit]);
  }
  return {
    description: { text: title },
    artifactChanges: [...files].map(([uri, own]) => ({
      artifactLocation: { uri },
      replacements: own.map(({ span, text }) => ({ deletedRegion: regionOf(span), insertedContent: { text } })),
    })),
  };
}

const locationOf = (span: Span, root: string): object => ({ artifactLocation: { uri: uriOf(span.source.path, root) }, region: regionOf(span) });

/** Lines and columns from 1, the end excluded, as SARIF has them. */
function regionOf(span: Span): object {
  const { start, end } = rangeOf(span);
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

/** Relative to the root, or a file URL where it lies outside. */
function uriOf(path: string, root: string): string {
  const from = pathFrom(root, path);
  return from.startsWith('/') || /^[A-Za-z]:/.test(from) ? pathToFileURL(from).href : from.split('/').map(encodeURIComponent).join('/');
}
