using RedisClone.Server.Access;
using Xunit;
using static RedisClone.Server.Tests.Access.Rules;

namespace RedisClone.Server.Tests.Access;

/// <summary>What rules allow, and how they are kept.</summary>
public sealed class RuleTests
{
    [Theory]
    [InlineData("", "-@all")]
    [InlineData("+get", "-@all +get")]
    [InlineData("+GET -get +Get", "-@all +get")]
    [InlineData("+config|get +config|set -config", "-@all -config")]
    [InlineData("+config -config|get", "-@all +config -config|get")]
    [InlineData("-config|get +config", "-@all +config")]
    [InlineData("+@read +@write +@READ", "-@all +@write +@read")]
    [InlineData("+@read -@read", "-@all -@read")]
    [InlineData("+get +@all", "+@all")]
    [InlineData("+@all -get -set", "+@all -get -set")]
    [InlineData("allcommands -debug nocommands", "-@all")]
    [InlineData("+select|0 +select|1 +select|0", "-@all +select|1 +select|0")]
    [InlineData("+select|0 +select", "-@all +select")]
    [InlineData("+select|0 -select", "-@all -select")]
    [InlineData("+@dangerous +select|NX", "-@all +@dangerous +select|NX")]
    public void Rules_are_kept_in_order_without_what_is_overridden(string rules, string kept) =>
        Assert.Equal(kept, UserWith(rules).Root.DescribeCommands());

    [Theory]
    [InlineData("+get ~a", "GET a", true)]
    [InlineData("+get ~a", "GET b", false)]
    [InlineData("+get ~a", "SET a 1", false)]
    [InlineData("+@read ~*", "GET a", true)]
    [InlineData("+@all -@read ~*", "GET a", false)]
    [InlineData("+@all -config ~*", "CONFIG GET x", false)]
    [InlineData("+@all -config +config|get ~*", "CONFIG GET x", true)]
    [InlineData("+@all -config +config|get ~*", "CONFIG SET x y", false)]
    [InlineData("+config|get", "CONFIG GET x", true)]
    [InlineData("+select|0", "SELECT 0", true)]
    [InlineData("+select|0", "SELECT 1", false)]
    [InlineData("+select|0 -select", "SELECT 0", false)]
    [InlineData("+debug|JMap", "DEBUG jmAP", true)]
    [InlineData("+@all -select +select|1 -@connection", "SELECT 1", false)]
    [InlineData("", "AUTH x", true)]
    [InlineData("", "HELLO", true)]
    [InlineData("", "PING", false)]
    [InlineData("+get %R~a", "GET a", true)]
    [InlineData("+get %W~a", "GET a", false)]
    [InlineData("+get %R~a %W~a", "GET a", true)]
    [InlineData("+set %R~a", "SET a 1", false)]
    [InlineData("+set %W~a", "SET a 1", true)]
    [InlineData("+set %W~a", "SET a 1 GET", false)]
    [InlineData("+set %W~a %R~a", "SET a 1 GET", true)]
    [InlineData("+set %W~a* %R~*b", "SET ab 1 GET", false)]
    [InlineData("+strlen +exists %W~a", "EXISTS a", true)]
    [InlineData("+mget ~a ~b", "MGET a b", true)]
    [InlineData("+mget ~a ~b", "MGET a b c", false)]
    [InlineData("+mget ~a (+mget ~b)", "MGET a b", false)]
    [InlineData("+mget ~a (+mget ~b)", "MGET b", true)]
    [InlineData("(+get ~b) +set ~a", "GET a", false)]
    public void A_rule_allows_what_it_says(string rules, string line, bool allowed) =>
        Assert.Equal(allowed, Allows(UserWith(rules), line));

    [Theory]
    [InlineData("a*", "a", true)]
    [InlineData("a*", "ba", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a[bc]", "ab", true)]
    [InlineData("a[^bc]", "ab", false)]
    [InlineData("a[b-", "ab", true)]
    [InlineData(@"a\*", "a*", true)]
    [InlineData(@"a\*", "ab", false)]
    [InlineData(@"a\", @"a\", true)]
    [InlineData("a", "A", false)]
    [InlineData("a", "a\0", false)]
    [InlineData("a", "a\0b", false)]
    [InlineData("a?b", "a\0b", true)]
    [InlineData("[", "[", false)]
    [InlineData("(a)", "(a)", true)]
    public void A_pattern_fits_all_of_a_key_or_it_does_not_fit(string pattern, string key, bool allowed) =>
        Assert.Equal(allowed, Allows(UserWith("+get ~" + pattern), "GET " + key));

    [Fact]
    public void The_refusal_is_the_one_that_came_furthest()
    {
        User user = UserWith("+mget ~a (+get ~b) (+mget ~a ~b)");
        Assert.Equal(new Verdict(Denial.Command, 0), Check(user, "SET a 1"));
        Assert.Equal(new Verdict(Denial.Key, 1), Check(user, "GET a"));
        Assert.Equal(new Verdict(Denial.Key, 3), Check(user, "MGET a b c"));
    }

    [Fact]
    public void Who_may_do_everything_is_not_looked_at()
    {
        Assert.True(UserWith("+@all ~* &*").IsUnrestricted);
        Assert.True(UserWith("allcommands allkeys allchannels").IsUnrestricted);
        Assert.False(UserWith("+@all ~* &* -debug").IsUnrestricted);
        Assert.False(UserWith("+@all ~* &* resetchannels").IsUnrestricted);
        Assert.False(UserWith("+@all &* %R~*").IsUnrestricted);
        Assert.False(UserWith("(+@all ~* &*)").IsUnrestricted);
        Assert.False(UserWith("+@all ~* &* reset").IsUnrestricted);
    }

    [Theory]
    [InlineData("~* +sort", true)]
    [InlineData("%R~* +sort", true)]
    [InlineData("%W~* +sort", false)]
    [InlineData("~a* +sort", false)]
    [InlineData("~a* +sort (%R~* +sort)", true)]
    [InlineData("~a* +sort (%R~* +get)", false)]
    public void Sorting_by_other_keys_needs_the_right_to_read_all(string rules, bool allowed)
    {
        RedisClone.Protocol.Arguments args = RedisClone.Protocol.Arguments.OfArrays(["SORT"u8.ToArray(), "a"u8.ToArray()]);
        Catalog.Lookup(args, out RedisClone.Protocol.Interop.HostCommand command);
        Assert.Equal(allowed, UserWith(rules).MayReadAllKeys(new KeyLookup().Of(command, args)));
    }

    [Theory]
    [InlineData("&a* ", "ab", false, true)]
    [InlineData("&a*", "b", false, false)]
    [InlineData("&a*", "a*", true, true)]
    [InlineData("&a*", "ab*", true, false)]
    [InlineData("&a*", "a", true, false)]
    [InlineData("&a*", "*", true, false)]
    [InlineData("allchannels", "*", true, true)]
    [InlineData("allchannels resetchannels", "x", false, false)]
    public void A_channel_fits_a_pattern_and_a_pattern_must_be_one(string rules, string name, bool isPattern, bool allowed) =>
        Assert.Equal(allowed, UserWith(rules).MaySubscribe(RedisClone.Protocol.Bytes.ofString(name), isPattern));

    [Fact]
    public void Passwords_are_right_or_wrong()
    {
        User user = UserWith("on >a >b");
        Assert.True(user.Accepts("a"u8));
        Assert.True(user.Accepts("b"u8));
        Assert.False(user.Accepts(""u8));
        Assert.False(user.Accepts("c"u8));
        Assert.False(UserWith("on").Accepts(""u8));
        Assert.False(UserWith(">a off").Accepts("a"u8));
        Assert.False(UserWith("nopass off").Accepts("a"u8));
        Assert.True(UserWith("nopass on").Accepts("anything"u8));
        Assert.False(UserWith("on nopass >a").Accepts("anything"u8));
        Assert.False(UserWith("on >a <a").Accepts("a"u8));
    }
}
