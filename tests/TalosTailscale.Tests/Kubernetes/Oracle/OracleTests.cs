using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>
/// A generated set of kubeconfigs, read by us and by kubectl: what they make of it (<c>config view</c>) and what a server on
/// loopback then sees of both (<c>get --raw</c>). kubectl 1.32 or later is on the PATH, or in the folder that
/// TalosTailscale.Boot/get-packages.sh fills; where CI is set, its absence fails.
/// </summary>
public sealed class OracleTests
{
    private const int Workers = 3;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Takes a kubectl process or two for each kubeconfig, and so some seconds.
    [Fact]
    public async Task Kubeconfigs_are_what_kubectl_makes_of_them()
    {
        string kubectl = Kubectl.Find();
        int cases = int.TryParse(
            Environment.GetEnvironmentVariable("TALOSTAILSCALE_ORACLE_CASES"),
            CultureInfo.InvariantCulture,
            out int asked
        )
            ? asked
            : OracleChoices.Round;
        var tally = new OracleTally();
        using var folder = new TemporaryFolder();
        var pki = new OraclePki();
        int next = -1;
        await Task.WhenAll(
            Enumerable
                .Range(0, Workers)
                .Select(async _ =>
                {
                    await using var server = new OracleServer(pki);
                    while (Interlocked.Increment(ref next) is var number && number < cases)
                        await CompareAsync(kubectl, new OracleCase(number, folder.Path, pki, server), server, tally);
                })
        );

        TestContext.Current.TestOutputHelper?.WriteLine(tally.ToString());
        Assert.True(tally.Disagreements.IsEmpty, tally.ToString());
        Assert.Equal(cases, tally.Total);
        // Neither of both may be vacuous.
        Assert.InRange(tally.Accepted, cases / 3, cases);
        Assert.InRange(tally.Refused, cases / 10, cases);
    }

    private static async Task CompareAsync(string kubectl, OracleCase one, OracleServer server, OracleTally tally)
    {
        (int code, string view, string error) = await Kubectl.RunAsync(kubectl, one, "get", "--raw", "/version");
        (string seen, string passed) = Take(server);
        string plugin = Plugin(one);
        string ours;
        OracleView? we = null;
        try
        {
            using var connection = KubernetesConnection.OpenIn(null, null, name =>
                one.Variables.GetValueOrDefault(name)
            );
            we = OracleView.Of(connection);
            await KubernetesCall.SendAsync(connection, "ask", null, (api, ct) => api.Version.GetCodeAsync(ct), Stop);
            ours = "";
        }
        catch (TsException e)
        {
            ours = $"{e.ErrorId}: {e.Message}";
            we = null;
        }

        (string weSeen, string wePassed) = Take(server);
        tally.Count();
        if (code == 0 && one.OwnRefusal is { } refusal && ours.StartsWith(refusal, StringComparison.Ordinal))
        {
            tally.Strict();
            return;
        }

        if (
            !tally.Compare(
                one,
                "refusal",
                code == 0 ? "accepted" : $"refused",
                ours.Length == 0 ? "accepted" : "refused",
                error.Trim() + " / " + ours
            )
        )
            return;
        if (code != 0)
            return;
        tally.Compare(one, "server, TLS name, identity", seen, weSeen, "");
        tally.Compare(one, "proxy", passed, wePassed, "");
        tally.Compare(one, "plugin", plugin, Plugin(one), "");
        (code, view, _) = await Kubectl.RunAsync(
            kubectl,
            one,
            "config",
            "view",
            "--minify",
            "--flatten",
            "--raw",
            "-o",
            "json"
        );
        Assert.Equal(0, code);
        foreach (
            (string what, string theirs, string our) in OracleView.Of(JsonNode.Parse(view)!, one.Conf).Against(we!)
        )
            tally.Compare(one, what, theirs, our, "");
    }

    private static (string Seen, string Passed) Take(OracleServer server)
    {
        (string, string) all = (string.Join('\n', server.Seen), string.Join('\n', server.Passed));
        server.Seen.Clear();
        server.Passed.Clear();
        return all;
    }

    private static string Plugin(OracleCase one)
    {
        if (!File.Exists(one.PluginLog))
            return "";
        string text = File.ReadAllText(one.PluginLog);
        File.Delete(one.PluginLog);
        // The order of keys says nothing, nor does the line end after them.
        return string.Join(
            '\n',
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.StartsWith('{') ? Sorted(JsonNode.Parse(line))!.ToJsonString() : line)
        );
    }

    private static JsonNode? Sorted(JsonNode? node) =>
        node is JsonObject mapping
            ? new JsonObject(
                mapping
                    .OrderBy(x => x.Key, StringComparer.Ordinal)
                    .Select(x => KeyValuePair.Create(x.Key, Sorted(x.Value)))
            )
            : node?.DeepClone();
}
