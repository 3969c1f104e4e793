using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Validation;

/// <summary>What no log may be read as, over texts of sources and over many made-up logs.</summary>
public sealed class LogTruthTests
{
    private const string Start = "boot: 2026/01/02 03:04:05 Starting tailscaled";
    private const string Done = "boot: 2026/01/02 03:04:09 Startup complete, waiting for shutdown signal";

    // What every node's poll for changes says now and then, once the node is in the tailnet.
    private static readonly string[] s_weather =
    [
        "lite map update error after x: x",
        "map response long-poll timed out!",
    ];

    private static readonly string[] s_unknown =
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
        var read = Texts.Select(one => Reading(LogDiagnosis.Read("n", [Start, one.Text]))).ToArray();
        if (Environment.GetEnvironmentVariable("TS_TEXT_TABLE") is { Length: > 0 } file)
            File.WriteAllLines(
                file,
                Texts.Zip(read, (one, now) => string.Join('\t', now, one.Source, one.First, one.Last, one.Text))
            );
        var wrong = Texts
            .Zip(read, (one, now) => (one.Text, one.Reading, Now: now))
            .Where(one => one.Now != one.Reading)
            .Select(one => $"{one.Reading} read as {one.Now}: {one.Text}");

        Assert.Empty(wrong);
        var causes = Texts.Count(one => one.Reading is not ("-" or "?" or "!"));
        var without = Texts.Count(one => one.Reading == "!");
        TestContext.Current.SendDiagnosticMessage("{0} with a cause, {1} without", causes, without);
        Assert.True(causes >= 500 && Texts.Count > 1200, $"{causes} of {Texts.Count} texts");
    }

    /// <summary>
    /// The same words, whoever passed them on: talosctl, syslog, docker, kubectl, a log destination, logtail.
    /// </summary>
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

    /// <summary>What of Headscale's words comes to a node has the code of an answer before it.</summary>
    [Theory]
    [InlineData("Received error: register request: http 400: {0}")]
    [InlineData("Received error: register request: http 401: {0}")]
    [InlineData("control: TryLogin: register request: http 500: {0}")]
    [InlineData("backend error: register request: http 403: {0}")]
    public void Every_refusal_of_a_control_server_has_a_cause(string form)
    {
        var without = Texts
            .Where(one => one.Source.StartsWith("headscale ", StringComparison.Ordinal))
            .Select(one => form.Replace("{0}", one.Text, StringComparison.Ordinal))
            .Where(line => Reading(LogDiagnosis.Read("n", [Start, line])) is "!" or "?" or "-");

        Assert.Empty(without);
    }

    /// <summary>What is asked of the user by name: log-ins, keys, state and packet filters have causes.</summary>
    [Theory]
    [InlineData("tailscale cmd/tailscale/cli/up.go", "marshalling error")]
    [InlineData("tailscale feature/oauthkey/", "")]
    [InlineData("tailscale feature/identityfederation/", "")]
    [InlineData("tailscale ipn/store/", "")]
    [InlineData("tailscale net/netutil/", "")]
    [InlineData("tailscale cmd/containerboot/settings.go", "")]
    public void What_users_meet_has_a_cause(string source, string but)
    {
        var rows = Texts.Where(one => one.Source.StartsWith(source, StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(rows);
        Assert.Empty(
            rows.Where(one => one.Reading == "!")
                .Where(one => but.Length == 0 || !one.Text.Contains(but, StringComparison.Ordinal))
                .Select(one => one.Text)
        );
    }

    [Fact]
    public void What_a_service_said_last_tells_why_it_ended()
    {
        // Talos 1.14 and later, internal/app/machined/pkg/system/runner/containerd/containerd.go.
        const string Line = """
            user: warning: [2026-11-29T04:05:06Z]: [talos] service[ext-tailscale](Waiting): Error running Containerd(ext-tailscale), going to restart forever: task "ext-tailscale" failed: exit code 1 (last log "2026/11/29 04:05:05 Received error: register request: http 400: invalid key: API key does not exist\nboot: 2026/11/29 04:05:06 failed to auth tailscale: tailscale up failed: exit status 1")
            """;

        var reading = LogDiagnosis.Read("n", [Line]);

        Assert.Equal((TsDiagnosisState.Failing, "AuthKeyRejected"), (reading.State, reading.Cause));
        Assert.Contains("ServiceFlapping", reading.Findings.Select(one => one.Cause));
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
    public void No_text_of_failure_is_healthy_wherever_it_stands()
    {
        var healthy = Failures
            .SelectMany(text => new[] { new[] { Start, text, Done }, [Start, text, Start, Done], [Start, Done, text] })
            .Where(log => !(s_weather.Contains(log[^1]) && log[1] == Done))
            .Where(log => LogDiagnosis.Read("n", log).State == TsDiagnosisState.Healthy)
            .Select(log => string.Join(" / ", log));

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
    public void No_log_is_healthy_with_one_line_of_failure_put_in_anywhere()
    {
        var known = Failures.Except(s_weather).ToArray();
        var silent = new List<string>();
        var states = new Dictionary<TsDiagnosisState, int>();
        for (var seed = 1000; seed < 1200; seed++)
        {
            var corpus = new LogCorpus(seed);
            var log = corpus.Healthy();
            // Half of them by no source, half of the texts of sources.
            var line = seed % 2 == 0 ? s_unknown[seed / 2 % s_unknown.Length] : known[seed * 37 % known.Length];
            var place = corpus.PlaceIn(log);
            log.Insert(place, "2026/11/01 04:00:00 " + line);
            var reading = LogDiagnosis.Read("n", log);
            states[reading.State] = states.GetValueOrDefault(reading.State) + 1;
            if (
                reading.State is TsDiagnosisState.Healthy or TsDiagnosisState.Unknown
                || reading.Findings.All(finding => finding.Line != place + 1)
            )
                silent.Add($"{seed}, line {place + 1} of {log.Count}: {reading.State}: {line}");
        }

        TestContext.Current.SendDiagnosticMessage("{0}", string.Join(", ", states));
        Assert.Empty(silent);
    }

    [Fact]
    public void What_is_over_is_told_with_the_line_since_which_it_is()
    {
        string[] log =
        [
            Start,
            "2026/01/02 03:04:07 Received error: register request: http 400: invalid key: API key does not exist",
            Start,
            Done,
            "2026/01/02 05:00:00 control: lookup controlplane.tailscale.com on 127.0.0.53:53: server misbehaving",
        ];

        var reading = LogDiagnosis.Read("n", log);

        Assert.Equal((TsDiagnosisState.Recovered, null, null), (reading.State, reading.Cause, reading.Fix));
        Assert.Equal(
            [("AuthKeyRejected", true, 2, 4, "2026/01/02 03:04:09"), ("ResolverBroken", true, 5, null, null)],
            reading.Findings.Select(one => (one.Cause, one.Over, one.Line, one.OverLine, one.OverTime))
        );
        Assert.StartsWith(
            "AuthKeyRejected in line 2, over since line 4, 2026/01/02 03:04:09: Received error",
            reading.Evidence[0],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_lost_connection_is_not_over_while_the_health_of_tailscaled_says_so()
    {
        const string Lost = "Received error: PollNetMap: Post \"https://x\": dial tcp: lookup x: no such host";
        const string Raised = "health(warnable=not-in-map-poll): error: Unable to connect";
        const string Back = "2026/01/02 06:00:00 health(warnable=not-in-map-poll): ok";

        var lost = LogDiagnosis.Read("n", [Start, Done, Lost, Raised]);
        var back = LogDiagnosis.Read("n", [Start, Done, Lost, Raised, Back]);

        Assert.Equal((TsDiagnosisState.Troubled, "ResolverBroken"), (lost.State, lost.Cause));
        Assert.Equal((TsDiagnosisState.Recovered, 5), (back.State, Assert.Single(back.Findings).OverLine));
    }

    [Fact]
    public void Tailscaled_that_ends_without_being_told_to_is_a_failure()
    {
        const string Exited = "boot: 2026/01/02 04:00:01 tailscaled exited";
        const string Told = "boot: 2026/01/02 04:00:00 Sending SIGTERM to tailscaled";

        var died = LogDiagnosis.Read("n", [Start, Done, Exited]);

        Assert.Equal((TsDiagnosisState.Failing, "TailscaledCrashed"), (died.State, died.Cause));
        Assert.Equal(TsDiagnosisState.Healthy, LogDiagnosis.Read("n", [Start, Done, Told, Exited]).State);
    }

    [Fact]
    public void A_start_that_comes_to_no_end_does_not_hide_its_trouble()
    {
        const string Trouble = "2026/01/02 04:00:00 IPv6 forwarding is disabled.";

        Assert.Equal(TsDiagnosisState.Troubled, LogDiagnosis.Read("n", [Start, Done, Start, Trouble]).State);
        Assert.Equal(TsDiagnosisState.Troubled, LogDiagnosis.Read("n", [Start, Done, Start, Trouble, Start]).State);
        Assert.Equal(TsDiagnosisState.Recovered, LogDiagnosis.Read("n", [Start, Trouble, Start, Done]).State);
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

    private static IEnumerable<string> Failures =>
        Texts.Where(one => one.Reading is not ("-" or "?")).Select(one => one.Text);

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
