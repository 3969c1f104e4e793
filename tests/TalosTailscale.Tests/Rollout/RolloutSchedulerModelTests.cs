namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// All states of a small cluster: never two control planes down, never fewer etcd members than a quorum, no node
/// restarted or written twice in an attempt, nothing called done that is not, nothing left cordoned.
/// </summary>
public sealed class RolloutSchedulerModelTests
{
    [Theory]
    [InlineData(3, 2, false, 1, 1)]
    [InlineData(3, 2, false, 2, 1)]
    [InlineData(3, 1, false, 1, 5)]
    [InlineData(3, 0, true, 3, 5)]
    public void Every_interleaving_keeps_the_rules(int controlPlanes, int workers, bool oneWave, int width, int maxFailures)
    {
        var model = new RolloutModel(new ModelShape(controlPlanes, workers, oneWave, width, maxFailures, [1, 4]));
        model.Run(40_000_000);
        if (model.Wrong is not null) Assert.Fail(model.Wrong);
        Assert.True(model.Ends > 0);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{model.States} states, {model.Transitions} transitions, {model.Ends} of them with nothing under way.");
    }
}
