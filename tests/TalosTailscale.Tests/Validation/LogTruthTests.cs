using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Validation;

/// <summary>What no log may be read as, over texts of sources and over many made-up logs.</summary>
public sealed class LogTruthTests
{
    private const string Start = "boot: 2026/01/02 03:04:05 Starting tailscaled";
    private const string Done = "boot: 2026/01/02 03:04:09 Startup complete, waiting for shutdown signal";

    private static readonly string[] s_passing =
    [
        "ControlPlaneUnreachable",
        "ControlPlaneError",
        "ControlPlaneNotTrusted",
        "ResolverBroken",
        "LoginFailed",
    ];

    public static IReadOnlyList<(
        string Reading,
        string Source,
        string First,
        string Last,
        string Text
    )> Texts { get; } =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "TestData", "validation", "failure-texts.tsv"))
            .Where(row => !row.StartsWith('#'))
            .Select(row => row.Split('\t'))
            .Select(row => (row[0], row[1], row[2], row[3], row[4])),
    ];

    [Fact]
    public void Every_text_of_failure_is_read_as_its_source_means_it()
    {
        var wrong = Texts
            .Select(one => (one.Text, one.Reading, Read: Reading(LogDiagnosis.Read("n", [Start, one.Text]))))
            .Where(one => one.Read != one.Reading)
            .Select(one => $"{one.Reading} read as {one.Read}: {one.Text}");

        Assert.Empty(wrong);
        var causes = Texts.Count(one => one.Reading is not ("-" or "?" or "!"));
        var without = Texts.Count(one => one.Reading == "!");
        TestContext.Current.SendDiagnosticMessage("{0} with a cause, {1} without", causes, without);
        Assert.True(causes >= 500 && Texts.Count > 1200, $"{causes} of {Texts.Count} texts");
    }

    /// <summary>The same words, whoever passed them on: talosctl, syslog, docker, kubectl, a log destination, logtail.</summary>
    [Theory]
    [InlineData("2026/01/02 03:04:05 {0}")]
    [InlineData("boot: 2026/01/02 03:04:05 {0}")]
    [InlineData("192.168.1.203: 2026/01/02 03:04:05 {0}")]
    [InlineData("Jan 02 03:04:05 host tailscaled[4711]: {0}")]
    [InlineData("2026-01-02T03:04:05.123456789Z boot: 2026/01/02 03:04:05 {0}")]
    [InlineData("tailscale-1  | 2026/01/02 03:04:05 {0}")]
    [InlineData("│ 2026/01/02 03:04:05 {0}      │")]
    [InlineData(
        """{{"msg":{1},"talos-level":"info","talos-service":"ext-tailscale","talos-time":"2026-01-02T03:04:05Z"}}"""
    )]
    [InlineData("""{{"logtail":{{"client_time":"2026-01-02T03:04:05Z"}},"text":{1}}}""")]
    public void A_text_means_the_same_whoever_passed_it_on(string form)
    {
        var wrong = Texts
            .Where(one => one.Text.Trim() == one.Text && !one.Text.Contains('\\'))
            .Select(one =>
                (
                    one.Reading,
                    Line: string.Format(
                        System.Globalization.CultureInfo.InvariantCulture,
                        form,
                        one.Text,
                        System.Text.Json.JsonSerializer.Serialize(one.Text)
                    )
                )
            )
            .Select(one => (one.Line, one.Reading, Read: Reading(LogDiagnosis.Read("n", [Start, one.Line]))))
            .Where(one => one.Read != one.Reading)
            .Select(one => $"{one.Reading} read as {one.Read}: {one.Line}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void What_other_services_say_in_a_common_destination_is_not_tailscale()
    {
        var reading = LogDiagnosis.Read(
            "n",
            [
                Start,
                Done,
                """{"msg":"E1129 kubelet failed to pull image: panic: unauthorized","talos-service":"kubelet"}""",
                """{"msg":"etcd request timed out","talos-service":"etcd"}""",
            ]
        );

        Assert.Equal((TsDiagnosisState.Healthy, 0), (reading.State, reading.UnknownLines));
    }

    [Fact]
    public void No_text_of_failure_is_healthy_in_a_node_that_is_in_the_tailnet()
    {
        var healthy = Texts
            .Where(one => one.Reading is not ("-" or "?") && !s_passing.Contains(one.Reading))
            .Where(one => LogDiagnosis.Read("n", [Start, Done, one.Text]).State == TsDiagnosisState.Healthy)
            .Select(one => one.Text);

        Assert.Empty(healthy);
    }

    [Fact]
    public void Nothing_is_wrong_with_five_hundred_healthy_logs()
    {
        var alarms = new List<string>();
        for (var seed = 0; seed < 500; seed++)
        {
            var reading = LogDiagnosis.Read("n", new LogCorpus(seed).Healthy());
            if (reading.State != TsDiagnosisState.Healthy)
                alarms.Add($"{seed}: {reading.Cause}: {reading.Findings[0].Example}");
        }

        Assert.Empty(alarms);
    }

    [Fact]
    public void No_log_is_healthy_with_one_line_of_failure_that_nobody_knows()
    {
        string[] lines =
        [
            "frobnicator: error: the gate is stuck",
            "wireguard-ng failed to set key: EIO",
            "peer-relay: connection refused by policy engine",
            "this machine is locked out of the tailnet by its owner",
            "backend is unhealthy",
            "state moved to NeedsLogin by policy",
            "panic in goroutine of relayserver",
            "unable to bind the multipath socket",
            "certificate revoked by issuer",
            "access to posture attributes denied",
            "magicsock: fatal: the table of endpoints is corrupt",
            "wg: unable to bind the socket of this device",
            "dns: using the resolver of a tailnet that is locked out",
            "control: this profile is revoked, mapRoutine: backoff: 1 msec",
            "observe: connection refused",
        ];
        var known = Texts
            .Where(one => one.Reading == "!" || (IsCause(one.Reading) && !s_passing.Contains(one.Reading)))
            .Select(one => one.Text)
            .ToArray();
        var healthy = new List<string>();
        for (var seed = 0; seed < 200; seed++)
        {
            var corpus = new LogCorpus(seed + 1000);
            var log = corpus.Healthy();
            // Half of them by no source, half of the texts of sources that have no cause.
            var line = seed % 2 == 0 ? lines[seed / 2 % lines.Length] : known[seed * 37 % known.Length];
            // A failure with a cause is over once the node is in the tailnet, so it comes after that.
            var place = IsKnown(line) ? corpus.PlaceAfterSuccess(log) : corpus.PlaceIn(log);
            log.Insert(place, "2026/11/01 04:00:00 " + line);
            var reading = LogDiagnosis.Read("n", log);
            var shown = reading.Evidence.Concat(reading.Findings.Select(finding => finding.Example));
            if (
                reading.State == TsDiagnosisState.Healthy
                || (seed % 2 == 0 && !shown.Any(one => one.Contains(line, StringComparison.Ordinal)))
            )
                healthy.Add($"{seed}: {reading.State}: {line}");
        }

        Assert.Empty(healthy);
    }

    [Fact]
    public void A_word_of_failure_at_the_end_of_a_line_of_a_megabyte_is_seen()
    {
        var line = "2026/01/02 03:04:05 blob: " + new string('a', 1 << 20) + " error: it broke";

        var reading = LogDiagnosis.Read("n", [Start, Done, line]);

        Assert.Equal((TsDiagnosisState.Troubled, "LogNotUnderstood"), (reading.State, reading.Cause));
        Assert.InRange(reading.Evidence[0].Length, 1, 400);
    }

    [Fact]
    public void No_pattern_goes_back_in_a_line()
    {
        var patterns = LogPatterns.All.Concat(LogPatterns.Plain).ToArray();

        Assert.All(patterns, one =>
        {
            Assert.True(one.Pattern.Options.HasFlag(System.Text.RegularExpressions.RegexOptions.NonBacktracking));
            Assert.False(string.IsNullOrWhiteSpace(one.Seen));
        });
        Assert.True(patterns.Length > 50, $"{patterns.Length} patterns");
    }

    private static bool IsKnown(string line) => Texts.Any(one => one.Text == line && IsCause(one.Reading));

    private static bool IsCause(string reading) => reading is not ("-" or "?" or "!");

    private static string Reading(TsDiagnosis one) =>
        one.Starts > 1 ? "start"
        : one.Cause == "LogNotUnderstood" ? "!"
        : one.Cause
            ?? (
                one.State == TsDiagnosisState.Healthy ? "success"
                : one.UnknownLines > 0 ? "?"
                : "-"
            );
}
