using System.Globalization;
using TalosTailscale.Core.Boot.NodeShell;

namespace TalosTailscale.Tests.Boot.Staging;

/// <summary>
/// Everything by which the node program, the disk, the way to the node or the file here can fail while an image is
/// brought onto the partition, by both ways to a node: the right error, and no hanging on input that nobody reads.
/// </summary>
public sealed class StagingFailureTests(StagingLab lab, ITestOutputHelper output) : IClassFixture<StagingLab>
{
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(4);

    public static MatrixTheoryData<string, TalosNodeShellKind> Cells =>
        new(StagingFailure.All.Select(f => f.Name), [TalosNodeShellKind.Kubernetes, TalosNodeShellKind.Talos]);

    public static TheoryData<string> Copies =>
        [.. StagingFailure.All.Where(f => f.WhenCopied).Concat(StagingFailure.OfCopies).Select(f => f.Name)];

    [Theory, MemberData(nameof(Cells))]
    public Task A_failure_of_staging_ends_in_its_error(string name, TalosNodeShellKind via) =>
        FailAsync(name, via, copied: false);

    // An installer image's UKI lies in the shell's container: it is copied there, and nothing is sent.
    [Theory, MemberData(nameof(Copies))]
    public Task A_failure_of_copying_ends_in_its_error(string name) =>
        FailAsync(name, TalosNodeShellKind.Kubernetes, copied: true);

    private async Task FailAsync(string name, TalosNodeShellKind via, bool copied)
    {
        Assert.SkipWhen(
            Environment.IsPrivilegedProcess && !File.Exists("/usr/bin/setpriv"),
            "setpriv is not installed, and root may write anything"
        );
        StagingFailure failure = StagingFailure.All.Concat(StagingFailure.OfCopies).Single(f => f.Name == name);
        (string? error, string? program, double seconds) = await SwapAsync(via, failure, copied);

        Tell(copied ? name + " (copied)" : name, via, error ?? "goes on", seconds);
        Assert.Equal(Expected(failure, via), error);
        if (failure.Program is not null)
            Assert.Equal(failure.Program, program);
        if (error is null)
            lab.AssertSwapped();
        else
            lab.AssertUntouched();
    }

    private async Task<(string? Error, string? Program, double Seconds)> SwapAsync(
        TalosNodeShellKind via,
        StagingFailure failure,
        bool copied
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(s_hung);
        try
        {
            await lab.SwapAsync(via, failure, copied, stop.Token);
            return (null, null, lab.Seconds);
        }
        catch (TsException exception)
        {
            return (exception.ErrorId, exception.Data["error"] as string, lab.Seconds);
        }
        catch (IOException exception)
        {
            Assert.Contains("The device is not ready.", exception.Message, StringComparison.Ordinal);
            return (nameof(IOException), null, lab.Seconds);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Assert.Fail("It hung.");
            throw;
        }
    }

    private static string? Expected(StagingFailure failure, TalosNodeShellKind via) =>
        failure.ErrorId switch
        {
            "*Stalled" when via == TalosNodeShellKind.Talos => "TalosContainerStalled",
            "*Stalled" => "ExecStalled",
            var other => other,
        };

    private void Tell(string name, TalosNodeShellKind via, string error, double seconds) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {via} | {error} | {seconds:0.0} |"));
}
