using System.Text.Json;
using System.Text.RegularExpressions;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Validation;

/// <summary>
/// Logs written anew after public reports; the README of each says which, its expected.json what is right.
/// </summary>
public sealed class GivenLogTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "TestData", "reports");

    public static TheoryData<string> Names =>
        [
            .. new[] { "logs", "found-logs" }
                .SelectMany(kind => Directory.GetDirectories(Path.Combine(s_folder, kind)))
                .Select(one => Path.GetRelativePath(s_folder, one)),
        ];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_log_is_read_as_its_sources_say(string name) => Assert.Empty(Wrong(Path.Combine(s_folder, name)));

    private static List<string> Wrong(string folder)
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        var reading = LogDiagnosis.Read("n", File.ReadLines(Path.Combine(folder, "log.txt")));
        var cause = reading.Cause ?? "";
        var text = JsonSerializer.Serialize(reading);
        var wrong = new List<string>();
        Check("state", value => Regex.IsMatch(reading.State.ToString(), $"^({value})$"));
        Check("notState", value => !Regex.IsMatch(reading.State.ToString(), $"^({value})$"));
        Check("cause", value => Regex.IsMatch(cause, $"^({value})$"));
        Check("notCause", value => !Regex.IsMatch(cause, $"^({value})$"));
        Check("says", value => Regex.IsMatch(text, value));
        Check("never", value => !Regex.IsMatch(text, value));
        // A log that is not healthy names a cause, and every cause a fix.
        if (reading.State is TsDiagnosisState.Troubled or TsDiagnosisState.Failing && string.IsNullOrEmpty(reading.Fix))
            wrong.Add("no fix");
        return wrong;

        void Check(string key, Func<string, bool> holds)
        {
            if (expected.RootElement.TryGetProperty(key, out var value) && !holds(value.GetString()!))
                wrong.Add($"{key} {value}: {reading.State}, {cause}");
        }
    }
}
