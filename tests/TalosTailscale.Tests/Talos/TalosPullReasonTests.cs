using System.Diagnostics;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Lab.Talos;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Talos;

/// <summary>The reason of a pull that Talos tries again for twenty minutes within the call.</summary>
public sealed class TalosPullReasonTests
{
    private const string Image = "registry.ide-newton.ts.net/lab/registry-smoketest:7";

    public static TheoryData<string, string, string> Reasons =>
        new()
        {
            { "unauthorized", "401 Unauthorized", "RegistryUnauthorized" },
            { "no-such-host", "no such host", "RegistryNameUnresolved" },
            { "refused", "connection refused", "RegistryRefused" },
            { "certificate", "unknown authority", "RegistryNotTrusted" },
            { "no-route", "no route to host", "RegistryUnreachable" },
            { "not-found", "not found", "ImageNotFound" },
        };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task The_true_reason_is_told_within_seconds(string fault, string text, string cause)
    {
        foreach (var version in new[] { "v1.12.4", "v1.13.9" })
        {
            var options = new LabOptions { TalosVersion = version };
            options.Faults.Add(LabFault.PullFails.On("ampone", fault));
            await using var lab = await LabSession.StartAsync(options);
            var started = Stopwatch.GetTimestamp();

            var pull = lab.Invoke($"Save-TalosContainerImage ampone {Image} -Confirm:$false");

            Told($"Save-TalosContainerImage on {version}", fault, started);
            var error = Assert.Single(pull.Errors).Exception;
            Assert.Contains(text, error.Message, StringComparison.Ordinal);
            Assert.Equal(cause, PullChecks.CauseOf(error.Message).Code);
            if (fault != "not-found")
                Assert.Contains(text, Assert.Single(pull.Warnings), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task The_check_of_a_private_pull_tells_it_as_well(string fault, string text, string cause)
    {
        var options = new LabOptions { TalosVersion = "v1.12.4" };
        options.Faults.Add(LabFault.PullFails.On("ampone", fault));
        await using var lab = await LabSession.StartAsync(options);
        var started = Stopwatch.GetTimestamp();

        var checks = lab.Invoke($"Test-TsNode ampone -RegistryImage {Image} -Check RegistryName, PrivatePull")
            .OutputOf<TsCheck>();

        Told("Test-TsNode", fault, started);
        var pull = checks.Single(check => check.Name == "PrivatePull");
        Assert.Equal((TsCheckStatus.Fail, cause), (pull.Status, pull.Cause));
        Assert.Contains(text, pull.Evidence, StringComparison.Ordinal);
        var name = checks.Single(check => check.Name == "RegistryName").Status;
        Assert.Equal(fault == "no-such-host" ? TsCheckStatus.Fail : TsCheckStatus.Pass, name);
    }

    /// <summary>A change is not given up for what may pass, but the reason is told meanwhile.</summary>
    [Theory]
    [InlineData("v1.12.4")]
    [InlineData("v1.13.9")]
    public async Task The_pull_of_an_installer_tells_every_reason(string version)
    {
        foreach (var (fault, text, _) in Reasons.Select(row => row.Data))
        {
            var options = new LabOptions { TalosVersion = version };
            options.Faults.Add(LabFault.PullFails.On("ampone", fault));
            await using var lab = await StartAsync(options);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var listener = new Listener();
            var started = Stopwatch.GetTimestamp();

            var upgrade = lab.Client("ampone")
                .UpgradeAsync("ghcr.io/siderolabs/installer:v1.12.9", null, listener, stop.Token);
            await Task.WhenAny(upgrade, listener.Told.Task);

            Told($"installer on {version}", fault, started);
            await stop.CancelAsync();
            var error = await Record.ExceptionAsync(() => upgrade);
            var told = listener.Told.Task.IsCompleted ? await listener.Told.Task : error!.Message;
            Assert.Contains(text, told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_node_that_gets_the_image_after_all_has_it()
    {
        await using var lab = await StartAsync(LabFault.PullFails.On("ampone", "refused"));
        var node = lab.Cluster.Node("ampone");
        var pull = lab.Client("ampone").ImagePullAsync("docker.io/library/busybox:1.37", cancellation: Stop);
        while (!node.Logs["machined"].Lines.Any(line => line.Contains("retrying error", StringComparison.Ordinal)))
            await Task.Delay(10, Stop);
        node.Faults.Clear(LabFault.PullFails);

        Assert.True((await pull).Pulled);
    }

    [Fact]
    public async Task The_installer_of_an_upgrade_tells_its_reason_as_well()
    {
        await using var lab = await StartAsync(LabFault.PullFails.On("ampone", "unauthorized"));

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.Client("ampone").UpgradeAsync("ghcr.io/siderolabs/installer:v1.12.9", cancellation: Stop)
        );

        Assert.Equal(TalosErrors.TalosImagePullFailed, error.Error);
        Assert.Contains("401 Unauthorized", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "[talos] 2026/11/29 12:00:00 retrying error: failed to pull image \"docker.io/library/a:1\": x",
        "a:1",
        true
    )]
    [InlineData(
        "[talos] 2026/11/29 12:00:00 retrying error: failed to pull image \"docker.io/library/b:1\": x",
        "a:1",
        false
    )]
    [InlineData("[talos] 2026/11/29 12:00:00 failed to pull image \"docker.io/library/a:1\": x", "a:1", false)]
    public void A_line_is_of_the_image_that_it_names(string line, string reference, bool expected) =>
        Assert.Equal(expected, TalosNodeClient.ReasonIn(line, reference) is not null);

    private static void Told(string way, string fault, long started) =>
        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1}: {2:0.0} s",
            way,
            fault,
            Stopwatch.GetElapsedTime(started).TotalSeconds
        );

    private sealed class Listener : IReporter
    {
        internal TaskCompletionSource<string> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Verbose(string message) { }

        public void Warning(string message) => Told.TrySetResult(message);

        public void Progress(ProgressStep step) { }
    }
}
