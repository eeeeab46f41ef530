import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { describe, expect, it } from 'vitest';
import { compile, Entities } from '../src/index.js';

/**
 * Expressions whose value, or whose error, must be what the official engine says. One line an edge of the language.
 */
const EXPRESSIONS = `
true && 1
false && 1
1 && true
true || 1
false || 1
if 1 then true else true
if true then true else 1
!1
1 == "1"
1 != "1"
[1, 2, 2] == [2, 1]
[] == {}
{a: 1, b: 2} == {b: 2, a: 1}
{a: 1} == {a: 1, b: 2}
9223372036854775807 + 1 == 0
9223372036854775807 + 0 == 9223372036854775807
-9223372036854775808 - 1 == 0
-9223372036854775808 == -9223372036854775807 - 1
-(-9223372036854775808) == 0
9223372036854775807 * 2 == 0
3037000500 * 3037000500 == 0
3037000499 * 3037000499 == 9223372030926249001
9007199254740993 > 9007199254740992
9007199254740993 == 9007199254740992
0 * -5 == 0
1 < "2"
"a" < "b"
[1] < [2]
1 <= 1
principal == User::"ana"
principal == User::"Ana"
principal in Group::"top"
principal in Group::"none"
principal in [Group::"none", Group::"top"]
principal in [Group::"top", 1]
principal in "x"
principal in []
1 in Group::"top"
User::"nobody" in Group::"top"
User::"nobody" in User::"nobody"
principal is User
principal is Group
principal is User in Group::"top"
1 is User
principal has age
principal has missing
principal has address.city
principal has address.zip
principal has age.years
User::"nobody" has age
User::"nobody".age == 1
principal.missing == 1
principal.age == 30
principal["odd key"] == 1
principal.address.city == "Lisbon"
context has n
context.n > 5
1 has a
{a: {b: 1}}.a.b == 1
{"__proto__": 1}["__proto__"] == 1
{} has "__proto__"
{} has "constructor"
principal.hasTag("role")
principal.getTag("role") == "admin"
principal.getTag("none") == "x"
principal.hasTag(1)
User::"nobody".hasTag("role")
User::"nobody".getTag("role") == "x"
[1, 2].contains(1)
[1, 2].contains("1")
[[1], [2]].contains([1])
[{a: 1}].contains({a: 1})
[User::"ana"].contains(principal)
"abc".contains("a")
[1, 2, 3].containsAll([1, 3])
[1].containsAll([])
[].containsAll([1])
[1, 2].containsAny([2, 3])
[1].containsAny([])
[1].containsAny(1)
[].isEmpty()
[1].isEmpty()
"".isEmpty()
"abc" like "a*"
"abc" like "*b*"
"abc" like "a*d"
"a*c" like "a\\*c"
"abc" like "a\\*c"
"" like "*"
"" like ""
"aXbXc" like "a*b*c"
"aaa" like "a*aa*a"
"ab" like "a*b*b"
1 like "a"
"😀x" like "*x"
ip("127.0.0.1") == ip("127.0.0.1/32")
ip("10.0.0.0/8") == ip("10.0.0.1/8")
ip("10.1.2.3").isInRange(ip("10.0.0.0/8"))
ip("10.0.0.0/7").isInRange(ip("10.0.0.0/8"))
ip("::1").isInRange(ip("0.0.0.0/0"))
ip("1.2.3.4").isInRange(ip("0.0.0.0/0"))
ip("127.0.0.0/8").isLoopback()
ip("127.0.0.0/7").isLoopback()
ip("::1").isLoopback()
ip("::1/127").isLoopback()
ip("224.0.0.1").isMulticast()
ip("ff02::1").isMulticast()
ip("1.2.3.4").isIpv4()
ip("1.2.3.4").isIpv6()
ip("01.2.3.4").isIpv4()
ip("1.2.3.4/33").isIpv4()
ip("1.2.3.4/032").isIpv4()
ip("1.2.3").isIpv4()
ip("::ffff:1.2.3.4").isIpv6()
ip("1:2:3:4:5:6:7:8").isIpv6()
ip("1:2:3:4:5:6:7::").isIpv6()
ip("1::2::3").isIpv6()
ip("1:2:3:4:5:6:7:8::").isIpv6()
ip("").isIpv4()
ip(1).isIpv4()
decimal("1.0") == decimal("1.0000")
decimal("1.00000").lessThan(decimal("2.0"))
decimal("1").lessThan(decimal("2.0"))
decimal("-0.5").lessThan(decimal("0.0"))
decimal("922337203685477.5807").greaterThan(decimal("0.0"))
decimal("922337203685477.5808").greaterThan(decimal("0.0"))
decimal("-922337203685477.5808").lessThanOrEqual(decimal("0.0"))
decimal("1.0") < decimal("2.0")
decimal("1.0").greaterThanOrEqual(1)
datetime("2024-02-29") < datetime("2024-03-01")
datetime("2023-02-29") < datetime("2024-03-01")
datetime("2024-01-01T00:00:00Z") == datetime("2024-01-01")
datetime("2024-01-01T00:00:00+0100") == datetime("2023-12-31T23:00:00Z")
datetime("2024-01-01T00:00:00.123-2359") > datetime("2024-01-01")
datetime("2024-01-01T24:00:00Z") > datetime("2024-01-01")
datetime("2024-01-01T00:00:60Z") > datetime("2024-01-01")
datetime("2024-01-01T00:00:00+2400") > datetime("2024-01-01")
datetime("2024-1-1") > datetime("2024-01-01")
datetime("0000-01-01") < datetime("0099-12-31")
datetime("2024-01-01").offset(duration("1d")) == datetime("2024-01-02")
datetime("2024-01-01").offset(duration("9223372036854775807ms")) > datetime("2024-01-01")
datetime("1969-12-31T23:00:00Z").toTime() == duration("23h")
datetime("1969-12-31T23:00:00Z").toDate() == datetime("1969-12-31")
datetime("2024-01-02").durationSince(datetime("2024-01-01")) == duration("24h")
datetime("2024-01-02") < duration("1d")
duration("1d2h3m4s5ms").toMilliseconds() == 93784005
duration("-1s").toMinutes() == 0
duration("-61s").toMinutes() == -1
duration("1h1d").toDays() == 1
duration("").toDays() == 0
duration("-").toDays() == 0
duration("1x").toDays() == 0
duration("9223372036854775808ms").toDays() == 0
duration("-9223372036854775808ms").toDays() < 0
duration("0000000000000000000000000000001s") == duration("1s")
`
  .trim()
  .split('\n');

const ENTITIES = [
  {
    uid: { type: 'User', id: 'ana' },
    attrs: { age: 30, address: { city: 'Lisbon' }, 'odd key': 1 },
    parents: [{ type: 'Group', id: 'mid' }],
    tags: { role: 'admin' },
  },
  { uid: { type: 'Group', id: 'mid' }, attrs: {}, parents: [{ type: 'Group', id: 'top' }] },
  { uid: { type: 'Group', id: 'top' }, attrs: {}, parents: [] },
];

describe('expressions agree with the official engine', () => {
  const request = {
    principal: { type: 'User', id: 'ana' },
    action: { type: 'Action', id: 'view' },
    resource: { type: 'Photo', id: '1' },
    context: { n: 9 },
  };
  const entities = Entities.fromJson(ENTITIES);

  it.each(EXPRESSIONS)('%s', (expression) => {
    const policies = `@id("p") permit(principal, action, resource) when { ${expression} };`;
    const answer = official.isAuthorized({
      ...request,
      policies: { staticPolicies: { p: policies } },
      entities: ENTITIES,
    });
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
    const { decision, errors } = compile({ policies }).isAuthorized(request, entities);
    const expected = { decision: answer.response.decision, failed: answer.response.diagnostics.errors.length };
    expect({ decision, failed: errors.length }).toEqual(expected);
  });
});
