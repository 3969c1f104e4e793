using System.Diagnostics;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>The program that a kubeconfig names for credentials: how often it runs, how it ends, what is said of it.</summary>
public sealed class ExecPluginTests : IDisposable
{
    private const string Good =
        """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"abc"}}""";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_runs_once_for_a_connection_and_again_when_its_answer_ended_or_was_refused()
    {
        using ExecPlugin plugin = Plugin($"echo run >>\"{_folder["runs"]}\"; echo '{Good}'");
        PluginCredential first = await plugin.GetAsync(null, Stop);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => plugin.GetAsync(null, Stop)));
        Assert.Equal(1, Runs());
        Assert.NotSame(first, await plugin.GetAsync(first, Stop));
        Assert.Equal(2, Runs());

        File.Delete(_folder["runs"]);
        string ended = Good.Replace(
            "\"token\"",
            "\"expirationTimestamp\":\"2020-01-01T00:00:00Z\",\"token\"",
            StringComparison.Ordinal
        );
        using ExecPlugin brief = Plugin($"echo run >>\"{_folder["runs"]}\"; echo '{ended}'");
        await brief.GetAsync(null, Stop);
        await brief.GetAsync(null, Stop);
        Assert.Equal(2, Runs());
    }

    [Theory]
    [InlineData(
        "echo trace >&2; echo 'at line 2' >&2; echo 'Error: token expired.' >&2; exit 3",
        "ended with exit code 3: Error: token expired."
    )]
    [InlineData("exit 1", "ended with exit code 1.")]
    [InlineData("echo hello", "did not answer with JSON")]
    [InlineData("echo '{}'", "answered with a '', expected an 'ExecCredential'")]
    [InlineData(
        """echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"x"}}'""",
        "answered in 'client.authentication.k8s.io/v1beta1', expected 'client.authentication.k8s.io/v1'"
    )]
    [InlineData(
        """echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}'""",
        "without a 'status'"
    )]
    [InlineData(
        """echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'""",
        "neither a token nor a certificate"
    )]
    [InlineData(
        """echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientKeyData":"x"}}'""",
        "only one of certificate and key"
    )]
    [InlineData(
        """echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":5}}'""",
        "did not answer with JSON"
    )]
    public async Task A_failure_is_told_in_one_line_of_our_words(string script, string says)
    {
        using ExecPlugin plugin = Plugin(script);
        TsException e = await Assert.ThrowsAsync<TsException>(() => plugin.GetAsync(null, Stop));
        Assert.Equal("KubeconfigPluginFailed", e.ErrorId);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("trace", e.Message, StringComparison.Ordinal);
        Assert.InRange(e.Message.Length, 1, 700);
    }

    [Fact]
    public async Task A_program_that_is_absent_has_its_install_hint()
    {
        using var plugin = new ExecPlugin(
            new KubeconfigPlugin
            {
                Command = "no-such-program-anywhere",
                ApiVersion = ExecPlugin.V1,
                InteractiveMode = "Never",
                InstallHint = "Install it with\n  brew install it",
            },
            new KubeconfigCluster("c"),
            "test"
        );
        TsException e = await Assert.ThrowsAsync<TsException>(() => plugin.GetAsync(null, Stop));
        Assert.Contains("is not on the PATH", e.Message, StringComparison.Ordinal);
        Assert.Equal("Install it with\n  brew install it", e.RecommendedAction);
    }

    [Theory]
    [InlineData("Always", false, null)]
    [InlineData("Never", true, false)]
    [InlineData("IfAvailable", false, false)]
    public async Task It_asks_only_where_somebody_can_answer(string mode, bool hasTerminal, bool? interactive)
    {
        using ExecPlugin plugin = Plugin(
            $"printf %s \"$KUBERNETES_EXEC_INFO\" >\"{_folder["info"]}\"; echo '{Good}'",
            mode,
            hasTerminal
        );
        if (interactive is null)
        {
            TsException e = await Assert.ThrowsAsync<TsException>(() => plugin.GetAsync(null, Stop));
            Assert.Contains("interactiveMode: Always", e.Message, StringComparison.Ordinal);
            return;
        }

        await plugin.GetAsync(null, Stop);
        Assert.Contains("\"interactive\":false", File.ReadAllText(_folder["info"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_stops_is_not_kept_and_its_children_end_too()
    {
        using ExecPlugin plugin = Plugin(
            $"sleep 1000 & echo $! >\"{_folder["child"]}.new\"; mv \"{_folder["child"]}.new\" \"{_folder["child"]}\"; wait"
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<PluginCredential> running = plugin.GetAsync(null, stop.Token);
        await HelperPodTests.UntilAsync(() => File.Exists(_folder["child"]));
        int child = int.Parse(File.ReadAllText(_folder["child"]), System.Globalization.CultureInfo.InvariantCulture);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await HelperPodTests.UntilAsync(() => !IsAlive(child));
    }

    private static bool IsAlive(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private int Runs() => File.ReadAllLines(_folder["runs"]).Length;

    private ExecPlugin Plugin(string script, string mode = "Never", bool hasTerminal = false)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a script of sh");
        string path = _folder.Write("plugin.sh", "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new ExecPlugin(
            new KubeconfigPlugin
            {
                Command = path,
                ApiVersion = ExecPlugin.V1,
                InteractiveMode = mode,
            },
            new KubeconfigCluster("c"),
            "test"
        )
        {
            HasTerminal = hasTerminal,
        };
    }
}
