namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// All states of a small cluster: never two control planes down, never fewer etcd members than a quorum, no node
/// restarted or written twice in an attempt, nothing called done that is not, nothing left cordoned.
/// </summary>
public sealed class RolloutSchedulerModelTests
{
    [Theory]
    [InlineData(3, 2, false, 1, 1, int.MaxValue)]
    [InlineData(3, 2, false, 2, 1, int.MaxValue)]
    [InlineData(3, 1, false, 1, 5, int.MaxValue)]
    [InlineData(3, 0, true, 3, 5, int.MaxValue)]
    [InlineData(3, 2, false, 2, 5, 2)]
    public void Every_interleaving_keeps_the_rules(
        int controlPlanes,
        int workers,
        bool oneWave,
        int width,
        int maxFailures,
        int faults
    )
    {
        var model = new RolloutModel(new ModelShape(controlPlanes, workers, oneWave, width, maxFailures, [1, 4]));
        model.Run(40_000_000, faults);
        if (model.Wrong is not null)
            Assert.Fail(model.Wrong);
        Assert.True(model.Ends > 0);
        Assert.True(faults == int.MaxValue || model.Faults == faults);
        Tell(model);
    }

    /// <summary>Runs are given some of the nodes: several control planes may be in the middle of earlier runs, of one each.</summary>
    [Theory]
    [InlineData(0, 5, 3)]
    [InlineData(1, 1, 1)]
    [InlineData(1, 5, 1)]
    public void So_does_every_run_that_is_given_some_of_the_nodes(int workers, int maxFailures, int faults)
    {
        var model = new RolloutModel(new ModelShape(3, workers, false, 1, maxFailures, [1, 3]) { Subsets = true });
        model.Run(40_000_000, faults);
        if (model.Wrong is not null)
            Assert.Fail(model.Wrong);
        Assert.Equal(faults, model.Faults);
        Tell(model);
    }

    private static void Tell(RolloutModel model) =>
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{model.States} states, {model.Transitions} transitions, {model.Ends} of them with nothing under way."
        );
}
