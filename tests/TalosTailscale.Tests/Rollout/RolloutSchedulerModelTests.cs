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
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{model.States} states, {model.Transitions} transitions, {model.Ends} of them with nothing under way."
        );
    }
}
