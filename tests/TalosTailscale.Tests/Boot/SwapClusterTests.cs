using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Kubernetes;

namespace TalosTailscale.Tests.Boot;

/// <summary>What a cluster may do in its own way, lack or forbid while a swap goes through one of its pods.</summary>
public class SwapClusterTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_cannot_be_pulled_and_a_refusal_by_Pod_Security_change_nothing()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.Kube.Api.Faults.UnpullableImages[KubeLab.Image] = "unauthorized: authentication required";
        var pull = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));
        lab.Kube.Api.Faults.UnpullableImages.Clear();
        lab.Kube.Api.EnforcePodSecurity("kube-system", "baseline");
        var security = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));

        Assert.Equal(("PodImageUnavailable", "PodSecurityRefused"), (pull.ErrorId, security.ErrorId));
        Assert.Contains("authentication required", pull.Message, StringComparison.Ordinal);
        Assert.Contains("violates PodSecurity", security.Message, StringComparison.Ordinal);
        Assert.False(lab.IsDone());
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Theory]
    [InlineData("v4 only")]
    [InlineData("watches end at once")]
    [InlineData("no right to watch")]
    [InlineData("exec starts late")]
    public async Task Any_conformant_cluster_will_do(string cluster)
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        LabKubernetesFaults faults = lab.Kube.Api.Faults;
        switch (cluster)
        {
            case "v4 only":
                faults.OnlyV4 = true;
                break;
            case "watches end at once":
                faults.WatchEventLimit = 0;
                break;
            case "no right to watch":
                faults.Forbidden["watch pods"] = true;
                break;
            default:
                faults.ExecDelay = TimeSpan.FromMilliseconds(300);
                faults.RefuseExec(1);
                break;
        }

        Assert.True((await lab.SwapAsync(Ct)).Changed);
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Theory]
    [InlineData("get", "nodes")]
    [InlineData("list", "pods")]
    [InlineData("create", "pods")]
    [InlineData("get", "pods")]
    [InlineData("create", "pods/exec")]
    [InlineData("delete", "pods")]
    public async Task A_right_that_a_swap_needs_is_named_with_its_verb(string verb, string resource)
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.Kube.Api.Faults.Forbidden[$"{verb} {resource}"] = true;
        var error = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));
        lab.Kube.Api.Faults.Forbidden.Clear();

        Assert.Equal("KubernetesForbidden", error.ErrorId);
        Assert.Contains($"'{verb}'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{resource}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl auth can-i", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(verb == "delete", lab.IsDone());
        lab.AssertClean();
    }
}
