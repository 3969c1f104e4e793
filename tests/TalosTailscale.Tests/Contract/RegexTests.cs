using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Contract;

/// <summary>Expressions that read untrusted text take no longer than its length allows.</summary>
public sealed class RegexTests
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;

    // Each of its repetitions ends with a unit, so that there is one way to read it.
    private const string Delimited = "GoDuration.Form";

    private static IEnumerable<Type> Types =>
        typeof(LogDiagnosis).Assembly.GetTypes().Where(type => !type.Name.StartsWith('<'));

    /// <summary>Every expression of Core, with the type that has it.</summary>
    private static IEnumerable<(string Place, Regex Regex)> All =>
        Generated
            .Concat(Fields)
            .Concat(LogPatterns.All.Concat(LogPatterns.Plain).Select(one => (Log(one), one.Pattern)));

    private static IEnumerable<(string, Regex)> Generated =>
        from type in Types
        from method in type.GetMethods(Static)
        where method.ReturnType == typeof(Regex) && method.GetCustomAttribute<GeneratedRegexAttribute>() is not null
        select ($"{type.Name}.{method.Name}", (Regex)method.Invoke(null, null)!);

    private static IEnumerable<(string, Regex)> Fields =>
        from type in Types
        where !type.ContainsGenericParameters
        from one in type.GetFields(Static)
        from regex in In(one)
        select ($"{type.Name}.{one.Name}", regex);

    private static IEnumerable<Regex> In(FieldInfo field) =>
        field.FieldType == typeof(Regex) ? [(Regex)field.GetValue(null)!]
        : field.FieldType.IsArray
        && field.FieldType.ToString().Contains(typeof(Regex).FullName!, StringComparison.Ordinal)
            ? ((Array)field.GetValue(null)!)
                .OfType<ITuple>()
                .SelectMany(one => Enumerable.Range(0, one.Length).Select(i => one[i]))
                .OfType<Regex>()
        : [];

    [Fact]
    public void What_reads_logs_and_answers_of_nodes_does_not_go_back()
    {
        var reading = All.Where(one => Reads(one.Place)).ToArray();

        Assert.True(reading.Length > 60, $"{reading.Length} expressions");
        Assert.All(reading, one => Assert.True(IsStraight(one.Regex), $"{one.Place}: {one.Regex}"));
    }

    /// <summary>
    /// Of the others: what repeats a group that repeats something may take time that doubles with each character.
    /// </summary>
    [Fact]
    public void No_other_repeats_what_repeats()
    {
        var repeated = All.Where(one => !IsStraight(one.Regex) && one.Regex.MatchTimeout == Regex.InfiniteMatchTimeout)
            .Where(one => RepeatsRepeated(one.Regex.ToString()))
            .Select(one => one.Place);

        Assert.Equal([Delimited], repeated);
    }

    [Theory]
    [InlineData("(a+)+$", true)]
    [InlineData("(?:[a-z]*,?)*", true)]
    [InlineData("(a{2,}b)*", true)]
    [InlineData(@"\((a)+\)+", false)]
    [InlineData("([+*]a)+b*", false)]
    [InlineData("(a{1,9})?(b|c)+", false)]
    public void A_repeated_repetition_is_seen(string pattern, bool expected) =>
        Assert.Equal(expected, RepeatsRepeated(pattern));

    /// <summary>Writes how long each takes for lines of a megabyte: TS_REGEX_TABLE=FILE.</summary>
    [Fact(Explicit = true)]
    public void Lines_of_a_megabyte_are_measured()
    {
        string[] lines =
        [
            .. new[] { "a", " ", "-", "0", ".", "aA0-", "error: ", "://", "key: ", "/a", "<", "\"", "lookup x: ", "x." }
                .Select(one => string.Concat(Enumerable.Repeat(one, (1 << 20) / one.Length)))
                .SelectMany(one => new[] { one, one + "\u00e9", "health(" + one, "control: " + one }),
        ];
        var rows = All.Select(one =>
            {
                var worst = lines.Max(line =>
                {
                    var regex = IsStraight(one.Regex)
                        ? one.Regex
                        : new Regex(one.Regex.ToString(), one.Regex.Options, TimeSpan.FromSeconds(20));
                    // Of the processor: other work on the machine does not count.
                    var started = Environment.CpuUsage.TotalTime;
                    try
                    {
                        _ = regex.IsMatch(line);
                    }
                    catch (RegexMatchTimeoutException)
                    {
                        return double.PositiveInfinity;
                    }

                    return (Environment.CpuUsage.TotalTime - started).TotalMilliseconds;
                });
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{worst, 9:0.0} ms\t{one.Place}\t{one.Regex.Options}"
                );
            })
            .OrderDescending(StringComparer.Ordinal)
            .ToArray();

        File.WriteAllLines(Environment.GetEnvironmentVariable("TS_REGEX_TABLE") ?? Path.GetTempFileName(), rows);
        Assert.DoesNotContain(rows, row => row.Contains("Infinity", StringComparison.Ordinal));
    }

    private static bool Reads(string place) =>
        place.Split('.')[0]
            is "LogPatterns"
                or "LogLine"
                or "LogHealth"
                or "LogPattern"
                or "FailureWords"
                or "ImagePullReasons";

    private static bool IsStraight(Regex regex) => regex.Options.HasFlag(RegexOptions.NonBacktracking);

    private static string Log(LogPattern pattern) => $"LogPatterns.{pattern.Cause?.Code ?? pattern.Meaning.ToString()}";

    // Parentheses with, for each open one, whether something within it repeats without end.
    private static bool RepeatsRepeated(string pattern)
    {
        var open = new Stack<bool>();
        var here = false;
        var closed = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var was = closed;
            closed = false;
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    i = EndOfSet(pattern, i);
                    break;
                case '(':
                    open.Push(here);
                    here = false;
                    break;
                case ')':
                    closed = here;
                    here |= open.Pop();
                    break;
                case '*' or '+':
                case '{' when pattern[i..].IndexOf('}') is var end && end > 0 && pattern[i + end - 1] == ',':
                    if (was)
                        return true;
                    here = true;
                    break;
            }
        }

        return false;
    }

    private static int EndOfSet(string pattern, int begin)
    {
        var i = pattern[begin + 1] == '^' ? begin + 2 : begin + 1;
        // A bracket that comes first is one of the set.
        for (i += pattern[i] == '\\' ? 2 : 1; pattern[i] != ']'; i++)
            if (pattern[i] == '\\')
                i++;
        return i;
    }
}
