"""Bad requests about networks, balancers and machines."""

from __future__ import annotations

from tests.localcloud.moto_side import (
    GONE_GROUP,
    GONE_SUBNET,
    GONE_VPC,
    INGRESS_RULE,
    REGION,
    RULE,
    Request,
    balancer,
    group,
    local,
    local_twice,
    permission,
    subnets,
    targets,
    twice,
    vpc,
)

REQUESTS: dict[str, Request] = {
    "a VPC of /15": Request(lambda c: c("ec2").create_vpc(CidrBlock="10.0.0.0/15"), local("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/15")),
    "a VPC without an address": Request(lambda c: c("ec2").create_vpc(CidrBlock="ten"), local("aws:ec2/vpc:Vpc", cidrBlock="ten")),
    "a subnet outside its VPC": Request(
        lambda c: c("ec2").create_subnet(VpcId=vpc(c), CidrBlock="10.1.0.0/24"),
        local("aws:ec2/subnet:Subnet", vpcId=lambda account: account.vpc.id, cidrBlock="10.1.0.0/24"),
    ),
    "a subnet over another": Request(
        lambda c: (the_vpc := vpc(c), twice(lambda: c("ec2").create_subnet(VpcId=the_vpc, CidrBlock="10.0.0.0/24"))),
        local_twice("aws:ec2/subnet:Subnet", vpcId=lambda account: account.vpc.id, cidrBlock="10.0.0.0/24"),
    ),
    "a subnet in no VPC": Request(
        lambda c: c("ec2").create_subnet(VpcId=GONE_VPC, CidrBlock="10.0.0.0/24"),
        local("aws:ec2/subnet:Subnet", vpcId=GONE_VPC, cidrBlock="10.0.0.0/24"),
    ),
    "a subnet in no zone": Request(
        lambda c: c("ec2").create_subnet(VpcId=vpc(c), CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1z"),
        local("aws:ec2/subnet:Subnet", vpcId=lambda account: account.vpc.id, cidrBlock="10.0.0.0/24", availabilityZone="us-east-1z"),
    ),
    "a second internet gateway": Request(
        lambda c: (
            the_vpc := vpc(c),
            twice(
                lambda: c("ec2").attach_internet_gateway(
                    VpcId=the_vpc, InternetGatewayId=c("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
                )
            ),
        ),
        local_twice("aws:ec2/internetGateway:InternetGateway", vpcId=lambda account: account.vpc.id),
    ),
    "a route table of no VPC": Request(
        lambda c: c("ec2").create_route_table(VpcId=GONE_VPC), local("aws:ec2/routeTable:RouteTable", vpcId=GONE_VPC)
    ),
    "a security group twice": Request(
        lambda c: (the_vpc := vpc(c), twice(lambda: c("ec2").create_security_group(VpcId=the_vpc, GroupName="a", Description="a"))),
        local_twice("aws:ec2/securityGroup:SecurityGroup", vpcId=lambda account: account.vpc.id, name="a"),
    ),
    "a rule twice": Request(
        lambda c: (
            the_group := group(c),
            twice(lambda: c("ec2").authorize_security_group_ingress(GroupId=the_group, IpPermissions=permission(443))),
        ),
        local_twice(INGRESS_RULE, securityGroupId=lambda account: account.group.id, **RULE),
    ),
    "a rule of no group": Request(
        lambda c: c("ec2").authorize_security_group_ingress(GroupId=GONE_GROUP, IpPermissions=permission(443)),
        local(INGRESS_RULE, securityGroupId=GONE_GROUP, **RULE),
    ),
    "a NAT gateway in no subnet": Request(
        lambda c: c("ec2").create_nat_gateway(SubnetId=GONE_SUBNET, ConnectivityType="private"),
        local("aws:ec2/natGateway:NatGateway", subnetId=GONE_SUBNET, connectivityType="private"),
    ),
    "an instance without a good image": Request(
        lambda c: c("ec2").run_instances(ImageId="ubuntu", MinCount=1, MaxCount=1),
        local("aws:ec2/instance:Instance", ami="ubuntu", instanceType="t3.micro", subnetId=lambda account: account.subnets[0]),
    ),
    "a launch template twice": Request(
        lambda c: twice(lambda: c("ec2").create_launch_template(LaunchTemplateName="abc", LaunchTemplateData={"InstanceType": "t3.micro"})),
        local_twice("aws:ec2/launchTemplate:LaunchTemplate", name="abc", instanceType="t3.micro"),
    ),
    "a balancer twice": Request(
        lambda c: (
            the_subnets := subnets(c, "a"),
            twice(lambda: c("elbv2").create_load_balancer(Name="a", Type="network", Subnets=the_subnets)),
        ),
        local_twice(
            "aws:lb/loadBalancer:LoadBalancer", name="a", loadBalancerType="network", internal=True, subnets=lambda account: account.subnets
        ),
    ),
    "a balancer in no subnet": Request(
        lambda c: c("elbv2").create_load_balancer(Name="a", Type="network", Subnets=[GONE_SUBNET]),
        local("aws:lb/loadBalancer:LoadBalancer", name="a", loadBalancerType="network", subnets=[GONE_SUBNET]),
    ),
    "a balancer with too long a name": Request(
        lambda c: c("elbv2").create_load_balancer(Name="a" * 33, Type="network", Subnets=subnets(c, "a")),
        local("aws:lb/loadBalancer:LoadBalancer", name="a" * 33, loadBalancerType="network", subnets=lambda account: account.subnets),
    ),
    "a listener of no balancer": Request(
        lambda c: c("elbv2").create_listener(
            LoadBalancerArn=f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/net/a/0123456789abcdef",
            Port=80,
            Protocol="TCP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": targets(c)}],
        ),
        local(
            "aws:lb/listener:Listener",
            loadBalancerArn=f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/net/a/0123456789abcdef",
            port=80,
            protocol="TCP",
            defaultActions=lambda account: [{"type": "forward", "targetGroupArn": account.targets["arn"]}],
        ),
    ),
    "a listener on a missing certificate": Request(
        lambda c: c("elbv2").create_listener(
            LoadBalancerArn=balancer(c, "a"),
            Port=443,
            Protocol="TLS",
            Certificates=[{"CertificateArn": f"arn:aws:acm:{REGION}:123456789012:certificate/a"}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": targets(c)}],
        ),
        local(
            "aws:lb/listener:Listener",
            loadBalancerArn=lambda account: account.balancer["arn"],
            port=443,
            protocol="TLS",
            certificateArn=f"arn:aws:acm:{REGION}:123456789012:certificate/a",
            defaultActions=lambda account: [{"type": "forward", "targetGroupArn": account.targets["arn"]}],
        ),
    ),
    "a schedule of no group": Request(
        lambda c: c("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="a", MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"]
        ),
        local("aws:autoscaling/group:Group", name="a", minSize=0, maxSize=1, launchTemplate={"id": "lt-0123456789abcdef0"}),
    ),
    "a TLS listener without a certificate": Request(
        lambda c: c("elbv2").create_listener(
            LoadBalancerArn=balancer(c, "a"), Port=443, Protocol="TLS", DefaultActions=[{"Type": "forward", "TargetGroupArn": targets(c)}]
        ),
        local(
            "aws:lb/listener:Listener",
            loadBalancerArn=lambda account: account.balancer["arn"],
            port=443,
            protocol="TLS",
            defaultActions=lambda account: [{"type": "forward", "targetGroupArn": account.targets["arn"]}],
        ),
    ),
    "a subnet in use goes": Request(
        lambda c: (
            the_subnets := subnets(c, "a"),
            c("elbv2").create_load_balancer(Name="a", Type="network", Subnets=the_subnets),
            c("ec2").delete_subnet(SubnetId=the_subnets[0]),
        ),
        lambda account: (account.balancer, account.aws.delete(account.call("aws:ec2/subnet:Subnet", "a"), account.subnets[0], {})),
    ),
    "a load balancer twice in one zone": Request(
        lambda c: balancer(c, "a", "a"),
        lambda account: account.make(
            "aws:lb/loadBalancer:LoadBalancer",
            loadBalancerType="network",
            internal=True,
            subnets=[account.subnet(7, "a").id, account.subnet(8, "a").id],
        ),
    ),
    "a NAT gateway without an internet gateway": Request(
        lambda c: c("ec2").create_nat_gateway(
            SubnetId=subnets(c, "a")[0], AllocationId=c("ec2").allocate_address(Domain="vpc")["AllocationId"]
        ),
        lambda account: account.make(
            "aws:ec2/natGateway:NatGateway", subnetId=account.subnets[0], allocationId=account.make("aws:ec2/eip:Eip").id
        ),
    ),
}
