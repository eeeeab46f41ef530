import { expect, it } from 'vitest';
import { htmlText } from './html-text.js';

it('shows markup, quotes and invisible characters as text', () => {
  expect(htmlText(`<img src=x onerror="alert('1')"> & more`)).toBe(
    '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; more',
  );
  expect(htmlText('a\u202Eb\u0000')).toBe('a&lt;U+202E&gt;b&lt;U+0000&gt;');
});
