using System.Text;
using TalosTailscale.Core.Images.Initrd;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;
using YamlDotNet.Core;

namespace TalosTailscale.Tests.Inventory;

/// <summary>
/// No YAML from outside costs more than its length: 200 kB of brackets kept the scanner at work for minutes, and a tree of
/// them ended the process for want of stack.
/// </summary>
public sealed class BoundedYamlTests
{
    private static readonly string s_brackets = new('[', 200_000);

    public static TheoryData<string, string> Readers { get; } =
        new()
        {
            { "a kubeconfig of the user's", "KubeconfigInvalid" },
            { "a kubeconfig of a node", "KubeconfigInvalid" },
            { "a talosconfig", "TalosConfigInvalid" },
            { "a resource", "TalosProtocolViolation" },
            { "an inventory", "YamlMalformed" },
            { "extensions", "InitrdMalformed" },
        };

    [Theory]
    [MemberData(nameof(Readers))]
    public void A_text_that_only_opens_brackets_is_refused_by(string reader, string errorId)
    {
        foreach (
            string text in new[] { s_brackets, "a: " + s_brackets, string.Concat(Enumerable.Repeat("{a: ", 50_000)) }
        )
        {
            TsException e = Assert.Throws<TsException>(() => Read(reader, text));
            Assert.Equal(errorId, e.ErrorId);
        }
    }

    [Fact]
    public void The_service_environment_is_no_way_round_it() =>
        Assert.Throws<YamlException>(() =>
            ServiceEnvironment.Read("kind: ExtensionServiceConfig\nname: " + s_brackets)
        );

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void The_limit_is_the_depth(int depth, bool taken)
    {
        string text = new string('[', depth) + new string(']', depth);
        if (taken)
            BoundedYaml.Check(text);
        else
            Assert.Throws<YamlException>(() => BoundedYaml.Check(text));
    }

    [Fact]
    public void So_are_the_number_of_values_and_the_length()
    {
        Assert.Throws<YamlException>(() =>
            BoundedYaml.Check("[" + string.Concat(Enumerable.Repeat("1,", 1_000_001)) + "1]")
        );
        Assert.Throws<YamlException>(() => BoundedYaml.Check(new string('#', BoundedYaml.MaximumLength + 1)));
    }

    private static object? Read(string reader, string text) =>
        reader switch
        {
            "a kubeconfig of the user's" => KubernetesConnection.FromBytes(Encoding.UTF8.GetBytes(text), "test"),
            "a kubeconfig of a node" => KubernetesConnection.FromNode(Encoding.UTF8.GetBytes(text[..100_000]), "test"),
            "a talosconfig" => TalosConfigFile.Parse(text, "test"),
            "a resource" => TalosYaml.Parse(text, "node", "test"),
            "an inventory" => StrictYaml.Parse(text, "test"),
            _ => ExtensionsYaml.Parse(Encoding.UTF8.GetBytes(text), "test"),
        };
}
