using System.Management.Automation;
using TalosTailscale.Commands;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Tests.Engine;

public sealed class ProgressTests
{
    /// <summary>A cmdlet that reports the steps that it is given.</summary>
    [Cmdlet(VerbsDiagnostic.Test, "Progress")]
    public sealed class TestProgressCommand : TsCmdlet
    {
        [Parameter(Mandatory = true)]
        public ProgressStep[] Step { get; set; } = [];

        private IReporter? _kept;

        protected override Task BeginAsync(CancellationToken cancellationToken)
        {
            _kept = Reporter;
            return Task.CompletedTask;
        }

        // By what was at hand at the beginning, as a client does that is made there.
        protected override async Task ProcessAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            foreach (ProgressStep step in Step)
                _kept!.Progress(step);
        }
    }

    [Fact]
    public void Bytes_are_told_as_sizes_and_what_is_counted_as_a_number_of_it()
    {
        IReadOnlyList<ProgressRecord> records = Run(
            new ProgressStep("Swapping UKI", "ampone", "staging", 55 << 20, 110 << 20),
            new ProgressStep("Checking nodes", null, "checked", 12, 1000, Unit: "nodes")
        );

        Assert.Equal(["Swapping UKI: ampone", "Checking nodes"], records.Take(2).Select(r => r.Activity));
        Assert.Equal(
            ["staging 55.0 MiB of 110 MiB", "checked 12 of 1000 nodes"],
            records.Take(2).Select(r => r.StatusDescription)
        );
        Assert.Equal([50, 1], records.Take(2).Select(r => r.PercentComplete));
    }

    [Fact]
    public void Two_bars_never_share_a_number_while_both_are_there()
    {
        var open = new HashSet<int>();
        foreach (
            ProgressRecord record in Run(
                Step("a"),
                Step("b"),
                Step("c"),
                Step("a", completed: true),
                Step("d"),
                Step("e"),
                Step("b", completed: true),
                Step("f")
            )
        )
        {
            if (record.RecordType == ProgressRecordType.Completed)
                Assert.True(open.Remove(record.ActivityId));
            else
                Assert.True(
                    open.Add(record.ActivityId),
                    $"'{record.Activity}' has the number {record.ActivityId} of another bar."
                );
        }

        Assert.Empty(open);
    }

    [Fact]
    public async Task A_transfer_keeps_one_status_so_that_its_rate_and_remaining_time_can_be_told()
    {
        var seen = new SeenSteps();
        using var content = new MemoryStream(new byte[100]);
        await using var metered = new Core.Boot.Swap.MeteredStream(content, 100, "Swapping UKI", "ampone", seen);
        await metered.ReadExactlyAsync(new byte[50], TestContext.Current.CancellationToken);
        await metered.ReadExactlyAsync(new byte[50], TestContext.Current.CancellationToken);

        Assert.Equal("staging", Assert.Single(seen.Steps.Select(step => step.Status).Distinct()));
        Assert.Equal((100L, 100L), (seen.Steps[^1].Done, seen.Steps[^1].Total));
    }

    private static ProgressStep Step(string target, bool completed = false) =>
        new("Waiting", target, "waiting", Completed: completed);

    private static IReadOnlyList<ProgressRecord> Run(params ProgressStep[] steps)
    {
        using var session = PowerShellSession.Create(importModule: false);
        session
            .Invoke("param($a) Import-Module -Assembly $a", ("a", typeof(TestProgressCommand).Assembly))
            .AssertNoErrors();
        PowerShellResult result = session.Invoke("param($s) Test-Progress -Step $s", ("s", steps));
        result.AssertNoErrors();
        return result.Progress;
    }

    /// <summary>Keeps what it is told.</summary>
    internal sealed class SeenSteps : IReporter
    {
        private readonly List<ProgressStep> _steps = [];

        public IReadOnlyList<ProgressStep> Steps
        {
            get
            {
                lock (_steps)
                    return [.. _steps];
            }
        }

        public void Verbose(string message) { }

        public void Warning(string message) { }

        public void Progress(ProgressStep step)
        {
            lock (_steps)
                _steps.Add(step);
        }
    }
}
