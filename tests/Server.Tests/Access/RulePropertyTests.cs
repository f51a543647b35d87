using FsCheck;
using FsCheck.Fluent;
using RedisClone.Server.Access;
using static RedisClone.Server.Tests.Access.Rules;

namespace RedisClone.Server.Tests.Access;

/// <summary>Laws of rules, for any rules in any order.</summary>
public sealed class RulePropertyTests
{
    private static readonly string[] Known =
    [
        "+@all", "-@all", "+@read", "-@read", "+@write", "-@write", "-@dangerous", "+@string", "-@fast", "+get", "-get", "+set",
        "-set", "+mget", "-mget", "+config", "-config", "+config|get", "-config|get", "+config|set", "+select|0", "+select|1",
        "-select", "+select", "~a*", "%R~b*", "%W~b*", "%RW~c*", "~*", "allkeys", "resetkeys", "&a*", "&*", "resetchannels",
        "on", "off", "nopass", "resetpass", ">p", ">q", "<p", "sanitize-payload", "skip-sanitize-payload",
        "(+get ~d*)", "(+@all -set %R~*)", "(~e &e +@write)", "clearselectors", "reset", "nonsense", "+nosuch", "%X~a", "#12",
    ];

    private static readonly string[] Lines =
    [
        "GET a1", "GET b1", "GET d1", "GET x", "SET a1 1", "SET b1 1 GET", "SET e 1", "MGET a1 b1", "MGET b1 c1", "CONFIG GET x",
        "CONFIG SET x y", "SELECT 0", "SELECT 1", "SELECT 2", "PING", "STRLEN b1", "COPY b1 a1", "KEYS *", "AUTH x",
    ];

    public static Arbitrary<string[]> RuleLists() =>
        Gen.Elements(Known).ArrayOf().ToArbitrary();

    [RepeatableProperty(Arbitrary = [typeof(RulePropertyTests)])]
    public void A_user_made_of_its_own_line_is_the_same(string[] rules)
    {
        User user = Apply(rules);
        User made = UserWith(user.Describe()["user u ".Length..]);
        Xunit.Assert.Equal(user.Describe(), made.Describe());
        Xunit.Assert.Equal(Decisions(user), Decisions(made));
        Xunit.Assert.Equal(user.IsUnrestricted, made.IsUnrestricted);
    }

    [RepeatableProperty(Arbitrary = [typeof(RulePropertyTests)])]
    public void Who_is_unrestricted_is_refused_nothing(string[] rules)
    {
        User user = Apply(rules);
        Xunit.Assert.True(!user.IsUnrestricted || Lines.All(line => Allows(user, line)));
    }

    [RepeatableProperty(Arbitrary = [typeof(RulePropertyTests)])]
    public void A_rule_that_is_refused_changes_nothing(string[] rules)
    {
        User user = Apply(rules);
        string before = user.Describe();
        foreach (string rule in Known)
        {
            User draft = user.Copy();
            if (draft.Apply(rule) is not null)
            {
                Xunit.Assert.Equal(before, draft.Describe());
            }
        }

        Xunit.Assert.Equal(before, user.Describe());
    }

    [RepeatableProperty(Arbitrary = [typeof(RulePropertyTests)])]
    public void A_command_that_is_taken_away_is_gone_and_one_that_is_given_is_there(string[] rules)
    {
        User user = Apply(rules);
        user.Apply("clearselectors");
        user.Apply("allkeys");
        user.Apply("-get");
        Xunit.Assert.False(Allows(user, "GET a1"));
        user.Apply("+get");
        Xunit.Assert.True(Allows(user, "GET a1"));
        user.Apply("-@read");
        Xunit.Assert.False(Allows(user, "GET a1"));
    }

    private static User Apply(string[] rules)
    {
        User user = UserWith("");
        foreach (string rule in rules)
        {
            user.Apply(rule);
        }

        return user;
    }

    private static string Decisions(User user) => string.Join('\n', Lines.Select(line => $"{line}: {Check(user, line)}"));
}
